/** One Agora account as the jobs need it: whose budget a query is paid from, and how it is signed for. */
export type Account = {
  name: string;
  customerId: string;
  customerSecret: string;
  /** Queries a second that this service may use of the account's limit. */
  perSecond: number;
  appIds: readonly string[];
};
