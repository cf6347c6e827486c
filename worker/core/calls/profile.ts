import { changeSince, disclosures, sentencesOf } from '../../../shared/words/disclosure.ts';
import { networks } from '../../../shared/ids.ts';
import { PlainsealError } from '../../../shared/errors.ts';
import {
  acceptDisclosure,
  acceptedDisclosure,
  acceptedDisclosures,
  withdrawDisclosure,
} from '../../../storage/disclosures.ts';
import type { Settings } from '../../../shared/contract/settings.ts';
import { readSettings, writeSettings } from '../../../storage/settings.ts';
import type { ProfileLock } from '../lock.ts';
import type { CallScope, Serve } from './scope.ts';

/** Profile, settings, disclosures. */
export function profileCalls(
  of: CallScope,
): Serve<
  | 'profile.get'
  | 'profile.passphrase'
  | 'profile.phrase'
  | 'settings.get'
  | 'settings.set'
  | 'disclosure.list'
  | 'disclosure.accept'
  | 'disclosure.withdraw'
  | 'disclosure.ledger'
> {
  const lockCall = (
    name: 'profile.passphrase' | 'profile.phrase',
    request: string,
    act: (lock: ProfileLock) => Promise<void>,
  ): Promise<boolean> =>
    of.once(
      name,
      request,
      async () => {
        if (!of.lock) throw new PlainsealError('refused', 'the key of this profile is kept elsewhere');
        await act(of.lock);
      },
      (_nothing, touched) => {
        touched.settings = true;
        return true;
      },
    );

  return {
    'profile.get': () => ({
      ...of.profile,
      seq: of.news.seq,
      keptBy: of.lock?.keptBy ?? 'file',
      phrase: of.lock?.phrase ?? false,
    }),
    'profile.passphrase': ({ request, act }) =>
      lockCall('profile.passphrase', request, (lock) => lock[act]()),
    'profile.phrase': ({ request }) => lockCall('profile.phrase', request, (lock) => lock.makePhrase()),
    'settings.get': () => readSettings(of.db),
    'settings.set': ({ request, patch }) =>
      of.once(
        'settings.set',
        request,
        () => patch,
        (_patch, touched) => {
          // Members left out stay; the schema lets none be undefined.
          const settings = { ...readSettings(of.db), ...(patch as Partial<Settings>) } as Settings;
          writeSettings(of.db, settings);
          touched.settings = true;
          return settings;
        },
      ),
    'disclosure.list': () => ({
      rows: networks
        .filter((network) => network !== 'dummy' || of.profile.kind === 'test')
        .map((network) => {
          const accepted = acceptedDisclosure(of.db, network);
          return {
            network,
            ...disclosures[network],
            acceptedAt: accepted?.acceptedAt ?? null,
            acceptedVersion: accepted?.version ?? null,
            change: accepted?.said ? changeSince(network, accepted.said) : null,
          };
        }),
    }),
    'disclosure.accept': async ({ request, network, version }) => {
      if (version !== disclosures[network].version)
        throw new PlainsealError('conflict', 'the disclosure has another version');
      await of.once(
        'disclosure.accept',
        request,
        () => null,
        (_nothing, touched) => {
          acceptDisclosure(of.db, network, version, of.clock(), sentencesOf(network));
          touched.accounts = true;
          return null;
        },
      );
      of.lanes.startNetwork(network);
      return null;
    },
    'disclosure.withdraw': async ({ request, network }) => {
      await of.once(
        'disclosure.withdraw',
        request,
        () => null,
        (_nothing, touched) => {
          withdrawDisclosure(of.db, network, of.clock());
          touched.accounts = true;
          return null;
        },
      );
      of.flows.stopNetwork(network);
      await of.lanes.stopNetwork(network);
      return null;
    },
    'disclosure.ledger': () => ({ rows: acceptedDisclosures(of.db) }),
  };
}
