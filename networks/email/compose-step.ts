import type { Intent } from '../../shared/lane/intent.ts';
import { fingerprintOf } from '../../crypto/openpgp/certificate.ts';
import { peerCertificate } from '../../crypto/openpgp/keyring.ts';
import { sealWithPassword } from '../../crypto/openpgp/password.ts';
import { failed, PASSWORD_IDENTITY, sealLetter, type Composed, type Composing } from './composed.ts';
import { createLedger } from './ledger.ts';
import { protectLetter, type Letter } from './letter.ts';
import { wrapEncrypted } from './pgp-mime.ts';
import { readPeer } from './records.ts';
import { inviteSecret } from './secure-join/link.ts';
import { readJoin } from './secure-join/join-record.ts';
import {
  confirmLetter,
  isPasswordOp,
  keyLetter,
  proofLetter,
  readProtocolData,
  requestKeyLetter,
  type JoinData,
} from './secure-join/letters.ts';

/** A step of SecureJoin out of its outbox data. A step whose invitation is over fails: nothing is sent for it any more. */
export async function composeStep(
  composing: Composing,
  intent: Intent,
  what: Extract<Intent['what'], { kind: 'protocol' }>,
): Promise<Composed> {
  const data = readProtocolData(what.data);
  if (data === null) return failed('damaged');
  const join = await readJoin(composing.work, data.auth);
  if (join === null || join.expiresAt <= composing.now) return failed('not-possible');
  const { account, key } = composing.self;
  const to = data.to ?? join.address;
  const common = { account, own: key.certificate, to, messageId: what.key, sentAt: intent.sentAt };
  if (isPasswordOp(what.op)) {
    const isRequest = what.op === 'secure-join/vc-request-pubkey';
    const letter = isRequest ? requestKeyLetter(common, data.auth) : keyLetter(common, data.auth);
    const secret = inviteSecret(join.fingerprint, data.auth);
    return composeSecret(composing, letter, secret, !isRequest);
  }
  return composeProof(composing, what, data, common);
}

async function composeSecret(
  composing: Composing,
  letter: Letter,
  password: string,
  signed: boolean,
): Promise<Composed> {
  const { now, random, self } = composing;
  const { outer, inner } = protectLetter(letter, { hidden: true, chatVersion: false, now, random: random() });
  const armored = await sealWithPassword({ plaintext: inner, password, from: signed ? self.key : null, now });
  if (armored === null) return { kind: 'held', hold: 'no-key', ledger: createLedger() };
  const bytes = wrapEncrypted(outer, armored);
  const artifact = { to: letter.to, identity: PASSWORD_IDENTITY, bytes, outcome: 'pending' as const };
  return { kind: 'composed', artifact, evidence: null, ledger: createLedger() };
}

async function composeProof(
  composing: Composing,
  what: Extract<Intent['what'], { kind: 'protocol' }>,
  data: JoinData,
  common: Parameters<typeof proofLetter>[0],
): Promise<Composed> {
  const { work, now } = composing;
  const fingerprint = fingerprintOf(data.fingerprint ?? '');
  const certificate = fingerprint === null ? null : await peerCertificate(work, fingerprint, now);
  if (fingerprint === null || certificate === null) return failed('damaged');
  const letters = {
    'secure-join/vc-request-with-auth': true,
    'secure-join/vc-contact-confirm': false,
  } as const;
  if (!(what.op in letters)) return failed('damaged');
  const letter =
    what.op === 'secure-join/vc-request-with-auth'
      ? proofLetter(common, data.auth, certificate)
      : confirmLetter(common, certificate);
  const sealed = await sealLetter(composing, letter, fingerprint, await readPeer(work, fingerprint));
  if (sealed === null) return { kind: 'held', hold: 'no-key', ledger: createLedger() };
  const artifact = { to: common.to, identity: fingerprint, bytes: sealed.bytes, outcome: 'pending' as const };
  return { kind: 'composed', artifact, evidence: sealed.evidence, ledger: createLedger() };
}
