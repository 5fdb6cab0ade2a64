export function WebhooksView() {
  return <h1>Webhooks</h1>;
}
