import type { IncomingHttpHeaders } from 'node:http';
import type { RequestHandler, Response } from 'express';
import { z } from 'zod';
import { parseJsonText } from './parse-json-text.js';
import { parse } from '../parse-request.js';

export type Method = 'get' | 'put' | 'post' | 'patch' | 'delete';

/** Which key a request needs; `none`: it needs none, and what its query holds is not looked at. */
export type Role = 'none' | 'read' | 'write';

/** What one status means. `schema` is null where no body is sent. */
export type AnswerSpec = {
  description: string;
  schema: z.ZodType | null;
  /** `application/json` where it is left out. */
  mediaTypes?: readonly string[];
  /** Headers that come with it, and what each means. */
  headers?: Readonly<Record<string, string>>;
};

/** A value that is only read: what the core makes is handed out as it is. */
export type Told<T> = T extends readonly (infer E)[]
  ? readonly Told<E>[]
  : T extends object
    ? { readonly [K in keyof T]: Told<T[K]> }
    : T;

/** What a schema says of a body that is sent. */
export type AnswerOf<S extends z.ZodType> = Told<z.output<S>>;

/** What an answer may be sent as, the usual one first. */
export function mediaTypesOf({ mediaTypes }: Pick<AnswerSpec, 'mediaTypes'>): readonly string[] {
  return mediaTypes ?? ['application/json'];
}

type Headers = Readonly<Record<string, string>>;
type BodyOf<S> = S extends { schema: infer T extends z.ZodType } ? AnswerOf<T> : null;

export type SentAnswer<A extends Readonly<Record<number, AnswerSpec>>> = {
  [S in keyof A]: { status: S; body: BodyOf<A[S]>; headers?: Headers };
}[keyof A];

/** A request of whose parts each is what its schema makes of it. */
export type ParsedRequest<P, Q, B> = {
  path: P;
  query: Q;
  body: B;
  /** The body as it came; empty where there was none. */
  text: string;
  headers: IncomingHttpHeaders;
  /** By whose key it comes; null where there is only one that may write, or none is needed. */
  caller: string | null;
  /** Whether its key may write: then it is shown secrets too that the ledger was told. */
  mayWrite: boolean;
};

/** All that the document says of an endpoint beside its parameters and answers. */
export type RouteDescription = {
  method: Method;
  /** As OpenAPI writes it: `/v1/sessions/{sid}`. */
  path: `/${string}`;
  /** Its name in generated clients. */
  id: string;
  tag: string;
  role: Role;
  summary: string;
  description: string;
  /** Statuses of refusals that are its own, and when each is answered. What every endpoint may answer is added. */
  problems?: Readonly<Record<number, string>>;
  /** False where a read does not wait for its turn: it is no work, or it lasts. */
  takesTurn?: boolean;
  /** Any media type is taken; the handler reads `text`. */
  takesAnyBody?: boolean;
  /** No body is taken for `{}`. */
  takesNoBody?: boolean;
};

type Shape = Readonly<Record<string, z.ZodType>>;

/** One row of the table: what an endpoint takes and answers, and the handler that is held to it. */
export type RouteSpec<
  C,
  P extends Shape,
  Q extends Shape,
  B extends z.ZodType,
  A extends Readonly<Record<number, AnswerSpec>>,
> = RouteDescription & {
  pathParameters?: P;
  query?: Q;
  body?: B;
  answers: A;
  /** Comes before the request waits for its turn among the reads, and may hold it back. */
  beforeTurn?: (context: C) => RequestHandler;
  handle: (
    context: C,
    request: ParsedRequest<z.output<z.ZodObject<P>>, z.output<z.ZodObject<Q>>, z.output<B>>,
    /** For an answer that is written bit by bit; its handler then returns null. */
    response: Response,
  ) => Promise<SentAnswer<A> | null> | SentAnswer<A> | null;
};

/** As Express has it: parts that nobody has looked at. */
export type RawRequest = {
  params: unknown;
  query: unknown;
  text: string;
  mediaType: string | null;
  headers: IncomingHttpHeaders;
  caller: string | null;
  mayWrite: boolean;
};

export type RawAnswer = { status: number; body: unknown; headers?: Headers };

/** A row whose types are settled: what the router and the document read. */
export type Route<C> = RouteDescription & {
  pathParameters: Shape;
  query: Shape;
  body: z.ZodType | null;
  answers: Readonly<Record<number, AnswerSpec>>;
  beforeTurn?: (context: C) => RequestHandler;
  answer: (context: C, raw: RawRequest, response: Response) => Promise<RawAnswer | null>;
};

/** Rows of the table that are handed a `C`. */
export function routesFor<C>() {
  return <
    const A extends Readonly<Record<number, AnswerSpec>>,
    P extends Shape = Shape,
    Q extends Shape = Shape,
    B extends z.ZodType = z.ZodUndefined,
  >(
    spec: RouteSpec<C, P, Q, B, A>,
  ): Route<C> => settle(spec);
}

function settle<
  C,
  P extends Shape,
  Q extends Shape,
  B extends z.ZodType,
  A extends Readonly<Record<number, AnswerSpec>>,
>({ handle, pathParameters, query, body, answers, ...description }: RouteSpec<C, P, Q, B, A>): Route<C> {
  const pathSchema = z.object(pathParameters ?? ({} as P));
  const querySchema = description.role === 'none' ? z.object(query ?? ({} as Q)) : z.strictObject(query ?? ({} as Q));
  return {
    ...description,
    answers,
    pathParameters: pathParameters ?? {},
    query: query ?? {},
    body: body ?? null,
    answer: async (context, raw, response) => {
      const path = parse(pathSchema, raw.params, 'path');
      const asked = parse(querySchema, raw.query, 'query');
      const told = parse(body ?? z.undefined(), body === undefined ? undefined : readBody(raw, description), 'body');
      const { text, headers, caller, mayWrite } = raw;
      const request = { path, query: asked, body: told, text, headers, caller, mayWrite };
      const answer = await handle(context, request as Parameters<typeof handle>[1], response);
      return answer === null ? null : asRaw(answer);
    },
  };
}

function asRaw({ status, body, headers }: { status: unknown; body: unknown; headers?: Headers }): RawAnswer {
  return { status: Number(status), body, ...(headers === undefined ? {} : { headers }) };
}

function readBody({ text, mediaType }: RawRequest, description: RouteDescription): unknown {
  const { takesAnyBody = false, takesNoBody = false } = description;
  if (takesNoBody && text === '') return {};
  return parseJsonText(text, takesAnyBody ? null : (mediaType ?? 'none'));
}
