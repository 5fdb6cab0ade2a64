import { z } from 'zod';
import type { AnswerOf } from '../openapi/route.js';
import { amount, flag, integer, listOf, moment, oneOf, orNull, words } from './fields.js';
import { fileMention } from './file-schema.js';

const status = orNull(integer("Agora's status, 0 where all is well."));
const files = listOf('Files that were named.', fileMention);
const media = oneOf('Which kind of stream.', ['audio', 'video']);
const result = orNull(words("How it went, in Agora's words."));
const trackType = orNull(words('What is recorded.'));
const streamUid = orNull(words('Whose stream.'));

/** What each kind of notification tells, by its number and name. Some share a shape. */
const DETAILS = {
  '1 cloud_recording_error': {
    module: orNull(integer('Number of the module that failed.')),
    level: orNull(integer('How bad it is, by its number.')),
    code: orNull(integer('Number of the error.')),
    stat: orNull(integer('Number of the event that the error belongs to.')),
    message: orNull(words('What went wrong.')),
  },
  '2 cloud_recording_warning': {
    module: orNull(integer('Number of the module that warns.')),
    code: orNull(integer('Number of the warning.')),
  },
  '3 cloud_recording_status_update': { status, files },
  '4 cloud_recording_file_infos, 45 recorder_snapshot_file': { files },
  '11 session_exit': { exitStatus: orNull(integer('0: as it should be; another number: not.')) },
  '12 session_failover': { newUid: orNull(words('The uid of the recorder that takes over.')) },
  '13, 34, 61, 80': {},
  '30 uploader_started, 40 recorder_started': { status },
  '31 uploaded, 32 backuped': {
    status,
    uploadingStatus: orNull(oneOf('How far the upload got.', ['uploaded', 'backuped', 'stranded', 'unknown'])),
    files,
  },
  '33 uploading_progress': { progress: orNull(amount('The part that is uploaded, from 0 to 1.')) },
  '41 recorder_leave': { leaveCode: orNull(integer('Why it left: a bit mask.')) },
  '42 recorder_slice_start': {
    startedAt: orNull(moment('When the slice began.')),
    discontinuedAt: orNull(moment('When the last good slice before it ended.')),
    mixedAllUser: orNull(flag('Whether it holds all users, mixed.')),
    streamUid,
    trackType,
  },
  '43, 44 recorder_…_stream_state_changed': {
    media,
    streamUid,
    receiving: orNull(flag('Whether the stream is received from now on.')),
    at: orNull(moment('When that changed.')),
  },
  '46, 47 recorder_…_info_changed': { media },
  '60 vod_started': { videoId: orNull(words('Its id at the video platform.')) },
  '70 web_recorder_started': {
    startedAt: orNull(moment('When recording began.')),
    pageLoadedAt: orNull(moment('When the page was loaded.')),
  },
  '71 web_recorder_stopped': {
    code: orNull(integer("Agora's number of the reason.")),
    reason: orNull(words('Why it stopped.')),
    text: orNull(words('More about the reason.')),
    files,
  },
  '72 web_recorder_capability_limit': { limit: orNull(words('What was limited.')) },
  '73 web_recorder_reload': { reason: orNull(words('Why the page was loaded again.')) },
  '81 transcoder_completed, 1001 postpone_transcode_final_result': { result, files },
  '90 download_failed': {
    vendor: orNull(words('The storage vendor.')),
    region: orNull(words('Its region.')),
    bucket: orNull(words('The bucket.')),
    fileNames: listOf('What could not be downloaded.', words('The name of a file.')),
  },
  '100 rtmp_publish_status': { url: orNull(words('Where it is sent to.')), status: orNull(words('How that stands.')) },
} as const;

type Described = { [K in keyof typeof DETAILS]: z.ZodObject<(typeof DETAILS)[K]> }[keyof typeof DETAILS];

const shapes = Object.entries(DETAILS).map(([title, shape]) => z.object(shape).meta({ title })) as readonly z.ZodType[];

/** The details of a notification that Agora's documents describe. */
export const eventDetails = z
  .union(shapes as readonly [Described, ...Described[]])
  .meta({ id: 'EventDetails', description: 'What a notification tells, in our words and units, by its kind.' });

export type EventDetails = AnswerOf<typeof eventDetails>;
