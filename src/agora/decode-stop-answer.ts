import type { UnixMs } from '../evidence/instant.js';
import type { StopAnswer } from '../evidence/stop-answer.js';
import { uploadingStatusOf } from './decode-event.js';
import { readServices } from './read-answer.js';
import { isObject, objectIn, textIn, valueIn, wholeNumberIn, type LooseObject } from './read-fields.js';
import { readFiles } from './read-files.js';

/**
 * "No recorded data": nothing was sent to the channel, but the recording was stopped.
 * @see https://docs.agora.io/en/cloud-recording/rest-api/status-codes (read 2026-07); docs/agora.md#stop
 */
const NO_RECORDED_DATA = 435;

/**
 * What `stop` answered. It stopped the recording when it carries a `serverResponse` and no error
 * code, or says that nothing was recorded; other errors (404, 65, 49) stopped nothing, and an answer
 * that names another recording stopped that one, and names its files.
 * @see https://docs.agora.io/en/cloud-recording/rest-api/stop (read 2026-07); docs/agora.md#stop
 */
export function decodeStopAnswer(sid: string, body: unknown, receivedMs: UnixMs): StopAnswer {
  const inner = withoutWrapper(body);
  const isIts = (sidOfStopAnswer(body) ?? sid) === sid;
  const response = objectIn(inner, 'serverResponse');
  const code = wholeNumberIn(inner, 'code');
  const of = { sid, cname: textIn(inner, 'cname') };
  const services = readServices(response, of);
  return {
    kind: 'stop_answer',
    sid,
    receivedMs,
    stopped: isIts && hasStopped(inner, code),
    code,
    uploadingStatus: uploadingStatusOf(textIn(response, 'uploadingStatus') ?? uploadServiceStatus(response)),
    files: isIts
      ? [...readFiles(valueIn(response, ['fileList']), of), ...services.flatMap((service) => service.files)]
      : [],
  };
}

/**
 * The recording that the answer is about; null where it names none.
 * @see https://docs.agora.io/en/cloud-recording/rest-api/stop (read 2026-07); docs/agora.md#stop
 */
export function sidOfStopAnswer(body: unknown): string | null {
  return textIn(withoutWrapper(body), 'sid');
}

/** An older page prints `{"Code": …, "Body": …}` around it. */
function withoutWrapper(body: unknown): LooseObject {
  const told = isObject(body) ? body : {};
  return isObject(told['Body']) ? told['Body'] : told;
}

function hasStopped(body: LooseObject, code: number | null): boolean {
  if (code === NO_RECORDED_DATA) return true;
  return isObject(body['serverResponse']) && (code === null || code === 200 || code === 0);
}

/** Web mode tells it in a service of its own. */
function uploadServiceStatus(response: LooseObject): string | null {
  const states = valueIn(response, ['extensionServiceState']);
  if (!Array.isArray(states)) return null;
  const upload = states.filter(isObject).find((state) => state['serviceName'] === 'upload_service');
  return upload === undefined ? null : textIn(objectIn(upload, 'payload', 'playload'), 'uploadingStatus');
}
