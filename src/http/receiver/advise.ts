import type { RejectionReason } from '../../evidence/rejection.js';
import type { Misfit } from './find-misfit.js';

/** What to mend where this was refused, in words for people. `misfit` is null where nobody looked. */
export function advise(reason: RejectionReason, misfit: Misfit | null): string {
  switch (reason) {
    case 'unknown_app':
      return 'The address names an app that is not configured: compare the App ID in the receiving server URL with AGORA_APP_ID or AGORA_CONFIG_FILE.';
    case 'no_signature':
      return "There is no Agora-Signature header: it is not Agora's, or a proxy on the way drops the header.";
    case 'malformed_signature':
      return 'The Agora-Signature header is no lower-case hex digest: it is not as Agora writes it, or a proxy changes or doubles it.';
    case 'wrong_signature':
      return adviseOnMisfit(misfit);
    case 'too_large':
      return 'The body is larger than NOTICE_MAX_BYTES.';
    case 'compressed':
      return 'The body is compressed, and the signature is over the bytes before that: no proxy may compress requests.';
    case 'wrong_address':
      return 'It is signed as notifications are, and sent to an address that takes none: the receiving server URL ends in /ncs/<App ID>.';
  }
}

function adviseOnMisfit(misfit: Misfit | null): string {
  switch (misfit?.kind) {
    case 'other_app':
      return `The signature fits the secret of another app, ${misfit.appId}: the URL in the console of that app names the wrong App ID, or the secrets of the two are exchanged.`;
    case 'secret_with_spaces':
      return 'The signature fits the configured secret without the spaces around it: remove them.';
    case 'older_signature':
      return 'Agora-Signature fits and Agora-Signature-V2 does not: something on the way changes that header.';
    case 'changed_body':
      return 'The signature fits the same JSON in another spelling: a proxy on the way reads the body and writes it anew. It must pass on the bytes.';
    case 'nothing':
    case undefined:
      return "The signature fits no secret that is configured for it: compare AGORA_NCS_SECRET with the console's; a secret that was changed there has to be added here. A proxy that changes the body looks the same.";
  }
}
