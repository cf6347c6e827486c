import { globSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { layOutApp, programPackages } from './app.ts';
import { missingFiles, strayFiles } from './contents.ts';
import type { Lockfile } from './lockfile.ts';
import { targets } from './target.ts';
import { judged, mebibytes, type Verdict } from './verdict.ts';

/** Lays out the application of every target and judges what is in it. Native files come built for all of them, so this needs no other system. */
export function checkTargets(folder: string, lockfile: Lockfile): readonly Verdict[] {
  const packages = programPackages(lockfile);
  return targets.map((target) => {
    const app = join(folder, target);
    layOutApp(app, target, lockfile);
    const files = globSync('**/*', { cwd: app }).filter((file) => statSync(join(app, file)).isFile());
    const native = files.filter((file) => file.endsWith('.node'));
    const complaints = [
      ...strayFiles(files, packages, target),
      ...missingFiles(files, target).map((file) => `${file}: missing`),
    ];
    const size = (part: readonly string[]): string =>
      mebibytes(part.reduce((sum, file) => sum + statSync(join(app, file)).size, 0));
    return judged(
      `application for ${target}`,
      complaints,
      `${files.length} files, ${size(files)}; of these native: ${native.length} files, ${size(native)}`,
    );
  });
}
