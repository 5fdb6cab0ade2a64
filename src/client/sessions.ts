import { paged, type Paged } from './paged.js';
import { segment, type Call, type Send } from './send.js';
import type {
  CallOptions,
  Explanations,
  FilePage,
  Gap,
  GapPage,
  Notice,
  NoticePage,
  Observation,
  ObservationPage,
  PageOptions,
  RecordedFile,
  Session,
  SessionFilters,
  SessionPage,
  Streams,
  TimelineEntry,
  TimelinePage,
  Version,
  VersionPage,
} from './types.js';

/** Reading sessions, and what is behind each. Lists are fetched as they are read. */
export type Sessions = {
  /** With `asOf` as the ledger knew it then. */
  get: (sid: string, options?: CallOptions & { asOf?: string | Date }) => Promise<Session>;
  list: (filters?: SessionFilters, options?: CallOptions) => Paged<Session, SessionPage>;
  /** All that is known to have happened, in the order in which it happened. */
  timeline: (sid: string, options?: PageOptions) => Paged<TimelineEntry, TimelinePage>;
  files: (sid: string, options?: PageOptions) => Paged<RecordedFile, FilePage>;
  gaps: (sid: string, options?: PageOptions) => Paged<Gap, GapPage>;
  observations: (sid: string, options?: PageOptions) => Paged<Observation, ObservationPage>;
  /** The newest first. */
  versions: (sid: string, options?: PageOptions) => Paged<Version, VersionPage>;
  /** Notifications with their bodies as they came, in order of receipt. */
  notices: (sid: string, options?: PageOptions & { receivedFrom?: string }) => Paged<Notice, NoticePage>;
  /** Why each fact of it is what it is. */
  explain: (sid: string, options?: CallOptions) => Promise<Explanations>;
  /** Who was recorded when. */
  streams: (sid: string, options?: CallOptions) => Promise<Streams>;
};

export function sessionsOf(send: Send): Sessions {
  const behind =
    <Item, Page extends { next: string | null }>(
      name: string,
      itemsOf: (page: Page) => readonly Item[],
      begin: Call['query'] = {},
    ) =>
    (sid: string, { limit, cursor, signal }: PageOptions = {}): Paged<Item, Page> => {
      const path = `${sessionPath(sid)}/${name}`;
      return paged(
        cursor,
        (at) => send<Page>({ path, query: { limit, cursor: at, ...(at === undefined ? begin : {}) }, signal }),
        itemsOf,
      );
    };
  return {
    get: (sid, { asOf, signal } = {}) => {
      const at = asOf instanceof Date ? asOf.toISOString() : asOf;
      return send({ path: sessionPath(sid), query: { asOf: at }, signal });
    },
    list: ({ cursor, ...filters } = {}, { signal } = {}) =>
      paged(
        cursor,
        (at) => send<SessionPage>({ path: '/v1/sessions', query: { ...filters, cursor: at }, signal }),
        (page) => page.sessions,
      ),
    timeline: behind('timeline', (page: TimelinePage) => page.timeline),
    files: behind('files', (page: FilePage) => page.files),
    gaps: behind('gaps', (page: GapPage) => page.gaps),
    observations: behind('observations', (page: ObservationPage) => page.observations),
    versions: behind('versions', (page: VersionPage) => page.versions),
    notices: (sid, { receivedFrom, ...options } = {}) =>
      behind('notices', (page: NoticePage) => page.notices, { receivedFrom })(sid, options),
    explain: (sid, { signal } = {}) => send({ path: `${sessionPath(sid)}/explain`, signal }),
    streams: (sid, { signal } = {}) => send({ path: `${sessionPath(sid)}/streams`, signal }),
  };
}

export function sessionPath(sid: string): string {
  return `/v1/sessions/${segment(sid)}`;
}
