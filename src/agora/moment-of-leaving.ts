import type { Dispatcher } from 'undici';

export type Leaving = {
  /** Whether the request may still be sent; called at the moment of sending. */
  mayLeave: () => boolean;
  /** Called as it is sent: the request is written before anything else happens in this process. */
  onLeft: () => void;
};

/**
 * The request was not sent because its deadline for sending had passed.
 * Ours: docs/decisions/014-slots-that-are-held.md
 */
export class SendDeadlineError extends Error {
  override readonly name = 'SendDeadlineError';
}

/**
 * Reports when a request is really written to its open connection, and stops one that gets there too late,
 * because the process was frozen or the connection took too long. It also stops the client from sending a
 * request a second time by itself after its connection broke: that would be two queries.
 * Ours: docs/decisions/014-slots-that-are-held.md
 */
export function leaving({ mayLeave, onLeft }: Leaving): Dispatcher.DispatcherComposeInterceptor {
  return (dispatch) => (options, handler) => {
    let hasLeft = false;
    return dispatch(options, {
      ...forwarding(handler),
      onRequestStart: (controller, context: unknown) => {
        if (hasLeft || !mayLeave()) {
          controller.abort(new SendDeadlineError('its time to leave was over'));
          return;
        }
        hasLeft = true;
        onLeft();
        handler.onRequestStart?.(controller, context);
      },
    });
  };
}

/** The handler's methods are on its prototype, where spreading does not find them. */
function forwarding(handler: Dispatcher.DispatchHandler): Dispatcher.DispatchHandler {
  return {
    onRequestUpgrade: (...args) => handler.onRequestUpgrade?.(...args),
    onResponseStart: (...args) => handler.onResponseStart?.(...args),
    onResponseData: (...args) => handler.onResponseData?.(...args),
    onResponseEnd: (...args) => handler.onResponseEnd?.(...args),
    onResponseError: (...args) => handler.onResponseError?.(...args),
  };
}
