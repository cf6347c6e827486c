import { mlsExporter } from 'ts-mls';
import { Malformed, readerOf } from './bytes.ts';
import { createRosters, readEpochKeys, type EpochId, type GroupKey } from './cells.ts';
import type { MlsEngine, OwnMember, Processed, Profile } from './engine.ts';
import { PRIVATE_MESSAGE, PUBLIC_MESSAGE, readHeader, readPublic } from './framing.ts';
import { createGroup, dropPending, forget, headOf, refIn, rewind, standing, upkeep } from './groups.ts';
import { applyPending, stage, takeHandshake } from './handshakes.ts';
import { join, keyPackagesIn, readWelcome } from './join.ts';
import { dropKeyPackage, listKeyPackages, makeKeyPackage, readKeyPackage } from './key-packages.ts';
import type { GroupRules } from './members.ts';
import { factsOf, openMessage, seal } from './messages.ts';
import { readPrivate } from './private-message.ts';
import { propose, waiting } from './proposals.ts';
import { refusable, type Setting } from './setting.ts';
import type { Suite } from './suite.ts';
import type { Millis } from '../../shared/ids.ts';
import type { Work } from '../../shared/lane/state.ts';

/** No message of a group of a thousand comes near. */
const MAX_BYTES = 1024 * 1024;

/**
 * The engine of one account.
 * @param options.suite from {@link loadSuite}.
 * @param options.rules there is no default: who may be a member is for the network to say.
 */
export function createMlsEngine(options: {
  readonly suite: Suite;
  readonly rules: GroupRules;
  readonly me: OwnMember;
  readonly profile: Profile;
}): MlsEngine {
  const setting: Setting = { ...options, rosters: createRosters() };
  const keysOf = async (work: Work, group: GroupKey, id?: EpochId) => {
    const head = await headOf(work, group);
    return readEpochKeys(work, group, id === undefined ? head.current : refIn(head, id).id);
  };
  return {
    makeKeyPackage: (work, now) => makeKeyPackage(setting, work, now),
    readKeyPackage: (message, now) => refusable(() => readKeyPackage(setting, message, now)),
    keyPackages: listKeyPackages,
    dropKeyPackage,
    keyPackagesIn,
    createGroup: (groupId, components, work, now) => createGroup(setting, groupId, components, work, now),
    readWelcome: (message, work, now) => refusable(() => readWelcome(setting, message, work, now)),
    join: (message, work, now) => refusable(() => join(setting, message, work, now)),
    standing: (group, work) => standing(setting, group, work),
    forget,
    stage: (group, changes, work, now) => refusable(() => stage(setting, group, changes, work, now)),
    applyPending: (group, digest, work, now) => applyPending(setting, group, digest, work, now),
    dropPending,
    propose: (group, request, work) => refusable(() => propose(setting, group, request, work)),
    waiting: (group, work) => waiting(setting, group, work),
    process: (message, work, now) => refusable(() => take(setting, message, work, now)),
    seal: (group, plaintext, authenticatedData, work, now) =>
      seal(setting, group, plaintext, authenticatedData, work, now),
    async exportSecret(group, label, context, length, work, id) {
      const { secrets } = await keysOf(work, group, id);
      return mlsExporter(secrets.exporterSecret, label, context, length, setting.suite);
    },
    async epochAuthenticator(group, work, id) {
      const { secrets } = await keysOf(work, group, id);
      return Uint8Array.from(secrets.epochAuthenticator);
    },
    rewind,
    upkeep,
    async forecast(group, work, now) {
      return [await factsOf(setting, work, group, await headOf(work, group), now)];
    },
  };
}

async function take(setting: Setting, message: Uint8Array, work: Work, now: Millis): Promise<Processed> {
  if (message.length > MAX_BYTES) throw new Malformed('too large');
  const from = readerOf(message);
  const format = readHeader(from);
  if (format === PRIVATE_MESSAGE) return openMessage(setting, readPrivate(from), work, now);
  if (format === PUBLIC_MESSAGE) return takeHandshake(setting, message, readPublic(from), work, now);
  throw new Malformed('no message of a group');
}
