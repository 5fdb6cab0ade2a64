import type { components, operations } from '../generated/api.js';

type Schemas = components['schemas'];

export type Session = Schemas['Session'];
export type SessionPage = Schemas['SessionPage'];
export type Version = Schemas['Version'];
export type VersionPage = Schemas['VersionPage'];
export type TimelineEntry = Schemas['TimelineEntry'];
export type TimelinePage = Schemas['TimelinePage'];
export type RecordedFile = Schemas['File'];
export type FilePage = Schemas['FilePage'];
export type Observation = Schemas['Observation'];
export type ObservationPage = Schemas['ObservationPage'];
export type Gap = Schemas['Gap'];
export type GapPage = Schemas['GapPage'];
export type Streams = Schemas['Streams'];
export type Explanations = Schemas['Explanations'];
export type Explanation = Schemas['Explanation'];
export type Notice = Schemas['Notice'];
export type NoticePage = Schemas['NoticePage'];
export type QuarantinedBody = Schemas['QuarantinedBody'];
export type QuarantinePage = Schemas['QuarantinePage'];
export type DeliveryQuality = Schemas['DeliveryQuality'];
export type QueryUsage = Schemas['QueryUsage'];
export type Change = Schemas['Change'];
export type ChangePage = Schemas['ChangePage'];
export type Registration = Schemas['Registration'];
export type QueryRequest = Schemas['QueryRequest'];
export type LeaseRequest = Schemas['LeaseRequest'];
export type Lease = Schemas['Lease'];
export type Webhook = Schemas['Webhook'];
export type WebhookWithSecret = Schemas['WebhookWithSecret'];
export type WebhookPage = Schemas['WebhookPage'];
export type NewWebhook = Schemas['NewWebhook'];
export type WebhookChanges = Schemas['WebhookChanges'];
export type Delivery = Schemas['Delivery'];
export type DeliveryPage = Schemas['DeliveryPage'];
export type Redrive = Schemas['Redrive'];
export type Summary = Schemas['Summary'];
export type Problem = Schemas['Problem'];

/** Which sessions, in which order, and how many on a page. Of several values of one filter any may fit. */
export type SessionFilters = NonNullable<operations['listSessions']['parameters']['query']>;

/** Of one endpoint, in which of the states. */
export type DeliveryFilters = NonNullable<operations['listDeliveries']['parameters']['query']>;

/** Of every call: aborting rejects it with the reason of the signal. */
export type CallOptions = { signal?: AbortSignal | undefined };

/** `limit`: how many on a page. `cursor`: where to begin, `next` of an earlier page. */
export type PageOptions = CallOptions & { limit?: number; cursor?: string };

/** Days (UTC) or instants; `to` is not included. */
export type Period = { from?: string | undefined; to?: string | undefined };
