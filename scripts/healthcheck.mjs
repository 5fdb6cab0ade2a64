// Asks the listener of this container whether it is alive. A process with the role `jobs` alone has
// none; it ends when it cannot go on, and is started again then.
const roles = (process.env.ROLES || 'receiver,api,jobs').split(',').map((role) => role.trim());
const port = roles.includes('receiver') ? process.env.RECEIVER_PORT || '8080' : process.env.API_PORT || '8081';

if (roles.includes('receiver') || roles.includes('api')) {
  const response = await globalThis.fetch(`http://127.0.0.1:${port}/healthz`);
  process.exitCode = response.ok ? 0 : 1;
}
