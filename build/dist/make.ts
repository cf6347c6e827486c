// npm run dist -- --target=NAME [--format=NAME…] [--electron=FOLDER] [--signed]: makes the installers of one target into dist/.
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { root } from '../step.ts';
import { unfilled } from './identity.ts';
import { readLockfile } from './lockfile.ts';
import { makePackages } from './package.ts';
import { releaseSeconds } from './release-time.ts';
import { targets } from './target.ts';

const { values } = parseArgs({
  options: {
    target: { type: 'string' },
    format: { type: 'string', multiple: true },
    electron: { type: 'string' },
    signed: { type: 'boolean', default: false },
  },
});
const target = targets.find((known) => known === values.target);
const empty = unfilled();
if (!target) {
  console.error(`Usage: npm run dist -- --target=${targets.join('|')}`);
  process.exitCode = 2;
} else if (empty.length > 0) {
  console.error(
    `Fill in ${empty.join(', ')} in build/dist/identity.ts first: they are who the program is to a system.`,
  );
  process.exitCode = 1;
} else {
  const releasedSeconds = releaseSeconds();
  process.env.SOURCE_DATE_EPOCH = String(releasedSeconds);
  const made = await makePackages({
    target,
    formats: values.format ?? null,
    folder: join(root, 'dist', target),
    electron: values.electron ?? null,
    signed: values.signed,
    lockfile: readLockfile(),
    releasedSeconds,
  });
  for (const file of made) console.log(file);
}
