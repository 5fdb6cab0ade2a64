import express, { type Request, type RequestHandler, type Response } from 'express';

/** Of a notification; the address may name the app. */
export type NoticeRequest = Request<{ appId?: string }>;

/** The bytes of a request's body. Rejects with what Express's parser throws, with the status it means. */
export type ReadBody = (request: NoticeRequest, response: Response) => Promise<Buffer>;

const NOTHING = Buffer.alloc(0);

/** Reads up to so many bytes as they were sent: a signature is over them, so none is decompressed. */
export function createReadBody(maxBytes: number): ReadBody {
  const limits = { type: () => true, limit: maxBytes, inflate: false };
  const parse: RequestHandler<{ appId?: string }> = express.raw(limits);
  return (request, response) =>
    new Promise((resolve, reject) => {
      void parse(request, response, (error?: unknown) => {
        const body: unknown = request.body;
        if (error === undefined) resolve(Buffer.isBuffer(body) ? body : NOTHING);
        else
          reject(
            error instanceof Error ? error : new Error('the body cannot be read', { cause: error }),
          );
      });
    });
}
