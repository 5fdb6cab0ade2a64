import { once } from 'node:events';
import { connect } from 'node:net';
import { Agent } from 'undici';
import { GONE, type StubAnswer, type StubRequest } from './stub-agora.js';

/** @see https://docs.agora.io/en/cloud-recording/rest-api/query (read 2026-07); docs/agora.md#pass-through */
export const BASIC = `Basic ${Buffer.from('customer:secret').toString('base64')}`;

export const STORAGE_SECRETS = ['access-key-of-storage', 'secret-key-of-storage', 'sts-token-of-storage', 'rtc-token'];

export function startBody(cname: string, uid: string): object {
  const [accessKey, secretKey, stsToken, token] = STORAGE_SECRETS;
  const storage = { vendor: 1, region: 3, bucket: 'recordings', accessKey, secretKey, extensionParams: { stsToken } };
  const storageConfig = { ...storage, fileNamePrefix: ['shows', 'monday'] };
  return { cname, uid, clientRequest: { token, recordingConfig: { channelType: 0 }, storageConfig } };
}

/** What Agora answers by its documents: acquire, start, update, stop, and query until a recording is stopped. */
export function recordingAnswer(sidOf: (resourceId: string) => string): (path: string, _: StubRequest) => StubAnswer {
  let acquired = 0;
  const stopped = new Set<string>();
  return (path) => {
    const [, rest = ''] = /\/cloud_recording\/(.*)$/.exec(path) ?? [];
    if (rest === 'acquire') return { status: 200, body: { resourceId: `resource-${String(++acquired)}` } };
    const [, resourceId = '', sid, method = ''] =
      /^resourceid\/([^/]+)(?:\/sid\/([^/]+))?\/mode\/[^/]+\/(\w+)$/.exec(rest) ?? [];
    const of = { resourceId, sid: sid ?? sidOf(resourceId) };
    if (method === 'start') return { status: 200, body: of };
    if (method === 'query' && stopped.has(of.sid)) return GONE;
    if (method === 'stop') stopped.add(of.sid);
    if (method === 'query')
      return {
        status: 200,
        body: { ...of, serverResponse: { status: 5, fileListMode: 'string', fileList: `${of.sid}_room.m3u8` } },
      };
    if (method === 'stop')
      return {
        status: 200,
        body: {
          ...of,
          serverResponse: { fileListMode: 'string', fileList: `${of.sid}_room.m3u8`, uploadingStatus: 'uploaded' },
        },
      };
    if (method === 'update' || method === 'updateLayout') return { status: 200, body: of };
    return { status: 404, body: { message: 'no Route matched with those values' } };
  };
}

export type CallAnswer = { status: number; headers: Record<string, string | string[] | undefined>; text: string };

/** A client written for Agora's API alone: all that it knows of the ledger is a base URL. */
export function recordingClient(baseUrl: string, appId: string, authorization: string = BASIC) {
  const agent = new Agent({ connections: 64 });
  const call = async (method: string, rest: string, body?: object, headers = {}): Promise<CallAnswer> => {
    const response = await agent.request({
      origin: new URL(baseUrl).origin,
      path: `${new URL(baseUrl).pathname.replace(/\/$/, '')}/v1/apps/${appId}/cloud_recording/${rest}`,
      method,
      headers: {
        authorization,
        ...(body === undefined ? {} : { 'content-type': 'application/json;charset=utf-8' }),
        ...headers,
      },
      body: body === undefined ? null : JSON.stringify(body),
    });
    return { status: response.statusCode, headers: response.headers, text: await response.body.text() };
  };
  return { call, close: () => agent.destroy() };
}

/** Sends these bytes and returns all that comes back until the other side closes or is quiet with a whole answer. */
export async function rawExchange(port: number, bytes: string, isWhole: (got: string) => boolean): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  socket.write(bytes);
  let got = '';
  for await (const chunk of socket) {
    got += (chunk as Buffer).toString('latin1');
    if (isWhole(got)) break;
  }
  socket.destroy();
  return got;
}
