import { Router, text, type RequestHandler } from 'express';
import { ProblemError } from '../../problem.js';
import { callerOf, mayWrite, requireRole } from '../authorize.js';
import { mediaTypesOf, type Method, type RawAnswer, type Route } from './route.js';

/** Larger than any registration, and than what `stop` answers of a long recording. */
const BODY_LIMIT = '1mb';

/** The table as an Express router. What a path has no row for is 405, with the methods that it has. */
export function mountRoutes<C>(routes: readonly Route<C>[], context: C, takeTurn: RequestHandler): Router {
  const router = Router();
  for (const path of new Set(routes.map((route) => route.path))) {
    const ofPath = routes.filter((route) => route.path === path);
    const place = router.route(path.replaceAll(/\{(\w+)\}/g, ':$1'));
    for (const route of ofPath) place[route.method](...handlersOf(route, context, takeTurn));
    place.all(refuseMethod(ofPath.map(({ method }) => method)));
  }
  return router;
}

function handlersOf<C>(route: Route<C>, context: C, takeTurn: RequestHandler): RequestHandler[] {
  const { role, method, body, beforeTurn, takesTurn = true } = route;
  return [
    ...(role === 'none' ? [] : [requireRole(role)]),
    ...(body === null ? [] : [text({ type: () => true, limit: BODY_LIMIT })]),
    ...(beforeTurn === undefined ? [] : [beforeTurn(context)]),
    ...(role !== 'none' && method === 'get' && takesTurn ? [takeTurn] : []),
    serve(route, context),
  ];
}

function serve<C>(route: Route<C>, context: C): RequestHandler {
  return async (request, response) => {
    const { params, query, headers } = request;
    const mediaType = headers['content-type']?.split(';')[0]?.trim().toLowerCase() ?? null;
    const told: unknown = request.body;
    const raw = { params, query, headers, mediaType, text: typeof told === 'string' ? told : '' };
    const answer = await route.answer(
      context,
      { ...raw, caller: callerOf(response), mayWrite: mayWrite(response) },
      response,
    );
    if (answer === null) return;
    const { status, body, headers: sent = {} } = answer;
    response.status(status).set(sent);
    if (body === null) response.end();
    else send(route, answer, (type, content) => response.type(type).send(content));
  };
}

function send<C>(
  { answers }: Route<C>,
  { status, body }: RawAnswer,
  write: (mediaType: string, content: string) => unknown,
): void {
  const [mediaType = 'application/json'] = mediaTypesOf(answers[status] ?? {});
  write(mediaType, typeof body === 'string' && mediaType !== 'application/json' ? body : JSON.stringify(body));
}

function refuseMethod(methods: readonly Method[]): RequestHandler {
  const allowed = methods.flatMap((method) => (method === 'get' ? ['GET', 'HEAD'] : [method.toUpperCase()]));
  return (request, response) => {
    response.set('Allow', allowed.join(', '));
    throw new ProblemError({
      status: 405,
      title: 'The method is not allowed here',
      detail: `${request.method} means nothing for this path, which takes ${allowed.join(', ')}.`,
    });
  };
}
