import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, expect, test } from 'vitest';
import { LIBRARY_VERSION } from './facts.ts';

const home = new URL('../../', import.meta.url).pathname;

/** Everything of ts-mls that runs in the program, by module. What is not here is not to be trusted without looking: docs/decisions/0009. */
const used: Readonly<Record<string, readonly string[]>> = {
  'ts-mls': [
    'decodeRequiredCapabilities',
    'encodeRequiredCapabilities',
    'generateKeyPackageWithKey',
    'getCiphersuiteFromName',
    'getCiphersuiteImpl',
    'mlsExporter',
  ],
  'ts-mls/codec/tlsEncoder.js': ['encode'],
  'ts-mls/crypto/hash.js': ['refhash'],
  'ts-mls/crypto/hpke.js': ['decryptWithLabel', 'encryptWithLabel'],
  'ts-mls/crypto/kdf.js': ['deriveSecret', 'deriveTreeSecret', 'expandWithLabel'],
  'ts-mls/crypto/signature.js': ['signWithLabel', 'verifyWithLabel'],
  'ts-mls/groupContext.js': ['decodeGroupContext', 'groupContextEncoder'],
  'ts-mls/groupInfo.js': ['ratchetTreeFromExtension', 'signGroupInfo', 'verifyGroupInfoSignature'],
  'ts-mls/keyPackage.js': ['decodeKeyPackage', 'keyPackageEncoder', 'makeKeyPackageRef', 'verifyKeyPackage'],
  'ts-mls/keySchedule.js': ['deriveKeySchedule', 'initializeEpoch', 'initializeKeySchedule'],
  'ts-mls/leafNode.js': [
    'decodeLeafNode',
    'encodeLeafNode',
    'leafNodeEncoder',
    'signLeafNodeCommit',
    'verifyLeafNodeSignature',
    'verifyLeafNodeSignatureKeyPackage',
  ],
  'ts-mls/parentNode.js': ['parentNodeEncoder'],
  'ts-mls/ratchetTree.js': [
    'addLeafNode',
    'decodeRatchetTree',
    'encodeRatchetTree',
    'getHpkePublicKey',
    'ratchetTreeEncoder',
    'removeLeafNode',
    'resolution',
    'updateLeafNode',
  ],
  'ts-mls/sender.js': ['expandSenderDataKey', 'expandSenderDataNonce'],
  'ts-mls/treemath.js': [
    'directPath',
    'isLeaf',
    'leafToNodeIndex',
    'leafWidth',
    'left',
    'nodeToLeafIndex',
    'right',
    'root',
    'toLeafIndex',
    'toNodeIndex',
  ],
  'ts-mls/updatePath.js': ['decodeUpdatePath', 'updatePathEncoder'],
  'ts-mls/util/constantTimeCompare.js': ['constantTimeEqual'],
  'ts-mls/welcome.js': [
    'decodeWelcome',
    'decryptGroupInfo',
    'decryptGroupSecrets',
    'encodeWelcome',
    'encryptGroupInfo',
    'encryptGroupSecrets',
    'welcomeEncoder',
  ],
};

/** Every value that a file imports from ts-mls, as `module name`. */
function importsOf(file: string): readonly string[] {
  const source = readFileSync(file, 'utf8');
  return [...source.matchAll(/import (type )?\{([^}]*)\} from '(ts-mls[^']*)'/g)].flatMap(
    ([, isType, names = '', from = '']) =>
      isType
        ? []
        : names
            .split(',')
            .map((name) => name.trim())
            .filter((name) => name !== '' && !name.startsWith('type '))
            .map((name) => `${from} ${name}`),
  );
}

const sources = ['crypto', 'networks', 'worker', 'shared', 'storage']
  .flatMap((folder) =>
    readdirSync(join(home, folder), { recursive: true, encoding: 'utf8' }).map((name) =>
      join(home, folder, name),
    ),
  )
  .filter((file) => file.endsWith('.ts') && !/\.(test|bench)\.ts$|\/test\//.test(file));

describe('what runs of ts-mls', () => {
  test('is only what was looked at, and only in the engine', () => {
    const found = new Map(sources.map((file) => [relative(home, file), importsOf(file)]));
    const elsewhere = [...found].filter(
      ([file, names]) => names.length > 0 && !file.startsWith('crypto/mls/'),
    );
    expect(elsewhere).toEqual([]);
    const all = [...new Set([...found.values()].flat())].toSorted();
    const allowed = Object.entries(used).flatMap(([from, names]) => names.map((name) => `${from} ${name}`));
    expect(all).toEqual(allowed.toSorted());
  });

  test('is exactly the version that was looked at, by its digest', () => {
    const read = (name: string): unknown => JSON.parse(readFileSync(join(home, name), 'utf8'));
    expect(read('package.json')).toMatchObject({ dependencies: { 'ts-mls': LIBRARY_VERSION } });
    expect(read('node_modules/ts-mls/package.json')).toMatchObject({ version: LIBRARY_VERSION });
    expect(read('package-lock.json')).toMatchObject({
      packages: {
        'node_modules/ts-mls': {
          version: LIBRARY_VERSION,
          integrity:
            'sha512-BFb9qJ3V1+HIuifC+MtnlROEj3oc6NEzA7Ig1/LAmANDRhNay7UCnwkzijzHH9cav5wf1BoJw8KQ2mXiEhPy1Q==',
        },
      },
    });
  });
});
