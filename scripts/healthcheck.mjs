// Asks the process of this container, whatever its roles, whether it is alive. Where OPS_PORT is 0 there is nobody
// to ask, and it is not called healthy.
const { OPS_HOST, OPS_PORT } = process.env;
const everywhere = ['', '0.0.0.0', '::'];
const host = everywhere.includes(OPS_HOST ?? '') ? '127.0.0.1' : OPS_HOST;
const url = `http://${host.includes(':') ? `[${host}]` : host}:${OPS_PORT || '8082'}/healthz`;

try {
  const response = await globalThis.fetch(url, { signal: globalThis.AbortSignal.timeout(4_000) });
  if (!response.ok) throw new Error(`status ${response.status}`);
} catch (error) {
  console.error(`${url}: ${error.cause?.message ?? error.message}`);
  process.exitCode = 1;
}
