import type { Dispatcher } from 'undici';

export type Leaving = {
  /** Whether it may still leave; asked at the moment at which it would. */
  mayLeave: () => boolean;
  /** Told as it leaves: the request is written before anything else happens in this process. */
  onLeft: () => void;
};

/**
 * Why a request was not sent: its time to leave was over.
 * Ours: docs/decisions/014-slots-that-are-held.md
 */
export class SendDeadlineError extends Error {
  override readonly name = 'SendDeadlineError';
}

/**
 * Tells when a request is really written, its connection being open, and stops the one that comes to
 * that too late: the process was frozen, or the connection took too long. A request that the client would
 * send a second time by itself, its connection having broken, is stopped too: that would be two queries.
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

/** The handler's own methods stand in its class, where spreading does not find them. */
function forwarding(handler: Dispatcher.DispatchHandler): Dispatcher.DispatchHandler {
  return {
    onRequestUpgrade: (...args) => handler.onRequestUpgrade?.(...args),
    onResponseStart: (...args) => handler.onResponseStart?.(...args),
    onResponseData: (...args) => handler.onResponseData?.(...args),
    onResponseEnd: (...args) => handler.onResponseEnd?.(...args),
    onResponseError: (...args) => handler.onResponseError?.(...args),
  };
}
