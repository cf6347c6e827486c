// npm run dist:sign -- --folder=FOLDER [--channel=stable] [--share=100] < PRIVATE-KEY.pem
// Signs a release: SHA256SUMS with its signature for people, `update` for installations. The key comes by standard input, so
// that it stands in no argument, environment or file of ours.
import { createPrivateKey } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { channels, encodeManifest, joinManifest, signedBytes } from '../../electron/update/manifest.ts';
import { checksums, signBytes } from './checksums.ts';
import { identity } from './identity.ts';
import { releaseManifest } from './release-manifest.ts';

const { values } = parseArgs({
  options: {
    folder: { type: 'string' },
    channel: { type: 'string', default: 'stable' },
    share: { type: 'string', default: '100' },
  },
});
const channel = channels.find((known) => known === values.channel);
if (values.folder === undefined || !channel) {
  console.error(
    `Usage: npm run dist:sign -- --folder=FOLDER [--channel=${channels.join('|')}] [--share=PERCENT] < KEY.pem`,
  );
  process.exitCode = 2;
} else {
  const { folder } = values;
  const own = new Set(['SHA256SUMS', 'SHA256SUMS.sig', 'update']);
  const files = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isFile() && !own.has(entry.name))
    .map(({ name }) => join(folder, name));
  const key = createPrivateKey(readFileSync(0));
  const sums = Buffer.from(await checksums(files));
  const facts = { channel, version: identity.version, share: Number(values.share), issuedAt: Date.now() };
  const body = encodeManifest(await releaseManifest(files, facts));
  writeFileSync(join(folder, 'SHA256SUMS'), sums);
  writeFileSync(join(folder, 'SHA256SUMS.sig'), signBytes(sums, key));
  writeFileSync(join(folder, 'update'), joinManifest(signBytes(signedBytes(body), key), body));
  console.log(`Signed ${files.length} files of ${identity.version} for ${values.share} % of ${channel}.`);
}
