export type ServerEvent = { id: string; event: string; data: string };

/** Events of a stream of text as they come (https://html.spec.whatwg.org/multipage/server-sent-events.html). */
export async function* serverEvents(body: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncGenerator<ServerEvent> {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const parts = (rest + value).split('\n\n');
    rest = parts.pop() ?? '';
    for (const part of parts) yield parsed(part);
  }
}

/** A comment alone is an event without data. */
function parsed(text: string): ServerEvent {
  const found: ServerEvent = { id: '', event: 'message', data: '' };
  for (const line of text.split('\n')) {
    const [, name, value = ''] = /^(id|event|data): ?(.*)$/.exec(line) ?? [];
    if (name === 'id' || name === 'event') found[name] = value;
    if (name === 'data') found.data += value;
  }
  return found;
}
