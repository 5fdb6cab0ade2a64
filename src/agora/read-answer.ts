import type { ExtensionService, RecordingAnswer } from '../evidence/observation.js';
import {
  flagIn,
  instantIn,
  isObject,
  listIn,
  objectIn,
  textIn,
  valueIn,
  wholeNumberIn,
  type LooseObject,
} from './read-fields.js';
import { readFiles, type NamedFor } from './read-files.js';
import { readOutput } from './read-output.js';

/**
 * The statuses that any page documents; any other number is ignored.
 * @see https://docs.agora.io/en/cloud-recording/rest-api/query (read 2026-07); docs/agora.md#outcomes
 */
const STATUSES: readonly number[] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 20];

/**
 * The body of a 200 in the shapes of both documents, every field optional. An older page prints
 * `{"Code": …, "Body": …}` around it; that is taken off where it is there.
 * @see https://docs.agora.io/en/cloud-recording/rest-api/query (read 2026-07); docs/agora.md#outcomes
 */
export function readAnswer(body: LooseObject): RecordingAnswer {
  const told = isObject(body['Body']) ? body['Body'] : body;
  const response = objectIn(told, 'serverResponse');
  const status = wholeNumberIn(response, 'status');
  const of = { sid: textIn(told, 'sid') ?? '', cname: textIn(told, 'cname') };
  return {
    status: status !== null && STATUSES.includes(status) ? status : null,
    cname: of.cname,
    uid: textIn(told, 'uid'),
    sliceStartedMs: instantIn(response, 'sliceStartTime'),
    fileListMode: textIn(response, 'fileListMode'),
    files: readFiles(valueIn(response, ['fileList']), of),
    services: readServices(response, of),
    recordingService: textIn(objectIn(response, 'subServiceStatus'), 'recordingService'),
  };
}

/**
 * In whatever order they come: clients that looked at the first one only misread web with CDN.
 * @see https://docs.agora.io/en/cloud-recording/rest-api/query (read 2026-07); docs/agora.md#outcomes
 */
export function readServices(response: LooseObject, of: NamedFor): readonly ExtensionService[] {
  return listIn(response, 'extensionServiceState').flatMap((entry) => {
    if (!isObject(entry)) return [];
    const name = textIn(entry, 'serviceName');
    // The generated schema pages misspell it.
    const payload = objectIn(entry, 'payload', 'playload');
    return name === null ? [] : [readService(name, payload, of)];
  });
}

function readService(name: string, payload: LooseObject, of: NamedFor): ExtensionService {
  return {
    name,
    state: textIn(payload, 'state'),
    onHold: flagIn(payload, 'onhold'),
    files: [...readFiles(valueIn(payload, ['fileList']), of), ...readFiles(valueIn(payload, ['videoInfo']), of)],
    outputs: listIn(payload, 'outputs').filter(isObject).map(readOutput),
  };
}
