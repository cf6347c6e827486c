import {
  generateKeyPackageWithKey,
  type Capabilities,
  type Extension,
  type KeyPackage,
  type PrivateKeyPackage,
} from 'ts-mls';
import { encode } from 'ts-mls/codec/tlsEncoder.js';
import { decodeKeyPackage, keyPackageEncoder, makeKeyPackageRef } from 'ts-mls/keyPackage.js';
import type { Millis } from '../../shared/ids.ts';
import type { Work } from '../../shared/lane/state.ts';
import { hexOf, Malformed, readWhole, sameBytes, u8, vector } from './bytes.ts';
import { cellOf, keyPackageCell, readCell } from './cells.ts';
import { componentsOf, DICTIONARY, encodeDictionary, LAST_RESORT, type Components } from './components.ts';
import type { KeyPackageRead, KeyPackageRef, MadeKeyPackage } from './engine.ts';
import { encodeMessage, KEY_PACKAGE, readHeader } from './framing.ts';
import { checkKeyPackage } from './leaf-check.ts';
import { memberOf } from './members.ts';
import type { Setting } from './setting.ts';
import { SUITE_NAME, type Suite } from './suite.ts';

const SECOND_MS = 1_000;
/** Clocks of others may be behind by so much. */
const EARLIER_MS = 60 * 60 * SECOND_MS;
const VALID_MS = 84 * 24 * 60 * 60 * SECOND_MS;
/** No key package of any client comes near. */
const MAX_BYTES = 64 * 1024;

/** A key package of mine with its private halves. */
export interface OwnKeyPackage {
  readonly keyPackage: KeyPackage;
  readonly secrets: PrivateKeyPackage;
  /** May be used more than once. */
  readonly lastResort: boolean;
}

const dictionary = (components: Components): Extension[] =>
  components.size === 0 ? [] : [{ extensionType: DICTIONARY, extensionData: encodeDictionary(components) }];

/** Makes a key package with keys of its own; nothing is written. */
export async function generateKeyPackage(
  { suite, me, profile }: Setting,
  now: Millis,
): Promise<OwnKeyPackage> {
  const signature = await suite.signature.keygen();
  const capabilities: Capabilities = {
    versions: ['mls10'],
    ciphersuites: [SUITE_NAME],
    extensions: [...profile.extensions],
    proposals: [...profile.proposals],
    credentials: ['basic'],
  };
  const seconds = (at: Millis): bigint => BigInt(Math.floor(at / SECOND_MS));
  const made = await generateKeyPackageWithKey(
    { credentialType: 'basic', identity: me.identity },
    capabilities,
    { notBefore: seconds(now - EARLIER_MS), notAfter: seconds(now + VALID_MS) },
    dictionary(profile.keyPackageComponents),
    signature,
    suite,
    dictionary(me.leafComponents(signature.publicKey)),
  );
  return {
    keyPackage: made.publicPackage,
    secrets: made.privatePackage,
    lastResort: profile.keyPackageComponents.has(LAST_RESORT),
  };
}

const encodeOwn = ({ keyPackage, secrets, lastResort }: OwnKeyPackage): Uint8Array =>
  cellOf(
    u8(lastResort ? 1 : 0),
    vector(secrets.initPrivateKey),
    vector(secrets.hpkePrivateKey),
    vector(secrets.signaturePrivateKey),
    encode(keyPackageEncoder)(keyPackage),
  );

const decodeOwn = (bytes: Uint8Array): OwnKeyPackage =>
  readCell(bytes, (from) => ({
    lastResort: from.u8() === 1,
    secrets: {
      initPrivateKey: from.vector(),
      hpkePrivateKey: from.vector(),
      signaturePrivateKey: from.vector(),
    },
    keyPackage: from.one(decodeKeyPackage),
  }));

const messageOf = (keyPackage: KeyPackage): Uint8Array =>
  encodeMessage(KEY_PACKAGE, encode(keyPackageEncoder)(keyPackage));

const expiryOf = ({ leafNode }: KeyPackage): Millis => Number(leafNode.lifetime.notAfter) * SECOND_MS;

export const refOf = async (suite: Suite, keyPackage: KeyPackage): Promise<KeyPackageRef> =>
  hexOf(await makeKeyPackageRef(keyPackage, suite.hash));

const shown = (ref: KeyPackageRef, keyPackage: KeyPackage): MadeKeyPackage => ({
  ref,
  message: messageOf(keyPackage),
  validFrom: Number(keyPackage.leafNode.lifetime.notBefore) * SECOND_MS,
  expiresAt: expiryOf(keyPackage),
});

/** See {@link MlsEngine.makeKeyPackage}. */
export async function makeKeyPackage(setting: Setting, work: Work, now: Millis): Promise<MadeKeyPackage> {
  const own = await generateKeyPackage(setting, now);
  const ref = await refOf(setting.suite, own.keyPackage);
  work.put(keyPackageCell(ref), encodeOwn(own));
  return shown(ref, own.keyPackage);
}

/** Whether a key package is one of mine, and not used up. */
export async function hasKeyPackage(work: Pick<Work, 'get'>, ref: KeyPackageRef): Promise<boolean> {
  return (await work.get(keyPackageCell(ref))) !== null;
}

/** All key packages of mine, by reference. */
export async function ownKeyPackages(work: Work): Promise<ReadonlyMap<KeyPackageRef, OwnKeyPackage>> {
  const cells = await work.scan(keyPackageCell('').space, '');
  return new Map(cells.map(([{ key }, bytes]) => [key, decodeOwn(bytes)]));
}

export async function dropKeyPackage(ref: KeyPackageRef, work: Work): Promise<void> {
  if ((await work.get(keyPackageCell(ref))) !== null) work.put(keyPackageCell(ref), null);
}

/** See {@link MlsEngine.keyPackages}. */
export async function listKeyPackages(work: Work, now: Millis): Promise<readonly MadeKeyPackage[]> {
  const found: MadeKeyPackage[] = [];
  for (const [ref, { keyPackage }] of await ownKeyPackages(work)) {
    const one = shown(ref, keyPackage);
    if (one.expiresAt > now) found.push(one);
    else work.put(keyPackageCell(ref), null);
  }
  return found;
}

/** Reads a key package from an MLSMessage, and nothing but its form. @throws Malformed unless it is in its one form. */
export function decodeKeyPackageMessage(message: Uint8Array): KeyPackage {
  if (message.length > MAX_BYTES) throw new Malformed('too large');
  const keyPackage = readWhole(message, (from) => {
    if (readHeader(from) !== KEY_PACKAGE) throw new Malformed('no key package');
    return from.one(decodeKeyPackage);
  });
  if (!sameBytes(messageOf(keyPackage), message)) throw new Malformed('not in its one form');
  return keyPackage;
}

/** See {@link MlsEngine.readKeyPackage}. @throws Refused, Malformed. */
export async function readKeyPackage(
  { suite, rules }: Setting,
  message: Uint8Array,
  now: Millis,
): Promise<Extract<KeyPackageRead, { kind: 'key-package' }>> {
  const keyPackage = decodeKeyPackageMessage(message);
  await checkKeyPackage(suite, keyPackage, [], rules, now);
  const { leaf: _, ...member } = memberOf(0, keyPackage.leafNode);
  const { capabilities } = keyPackage.leafNode;
  return {
    kind: 'key-package',
    ref: await refOf(suite, keyPackage),
    member,
    components: componentsOf(keyPackage.extensions),
    extensions: capabilities.extensions,
    proposals: capabilities.proposals,
    expiresAt: expiryOf(keyPackage),
  };
}
