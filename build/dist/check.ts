// npm run dist:check: makes a Debian package twice with a stand-in for Electron, and judges everything in it that is ours.
// Ends with a table, and with what could not be shown here. Nothing is fetched.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runStep } from '../step.ts';
import { missingTools } from './check-tools.ts';
import { checkTargets } from './check-targets.ts';
import { checkPackage } from './check-package.ts';
import { readLockfile } from './lockfile.ts';
import { formatVerdicts, judged, type Verdict } from './verdict.ts';

const unproven = [
  [
    'any start of Electron',
    'its binary cannot be had here; the e2e suite runs on it in .github/workflows/release.yml',
  ],
  [
    'AppImage, rpm, flatpak, snap',
    'their tools (runtime, fpm, flathub’s runtimes, snapcraft) are fetched from elsewhere',
  ],
  ['nsis, msi, portable', 'NSIS’s plugins and WiX are fetched from elsewhere; the icon needs a true .exe'],
  ['dmg, zip, universal, notarising', 'only macOS makes them'],
  ['signatures of Windows and macOS', 'a maintainer’s certificates'],
  [
    'the same bytes with real Electron',
    'the stand-in is not Electron; its archive is pinned by version and checked by its own hash',
  ],
  ['the .deb as fpm makes it', 'fpm is no Debian package: dpkg-deb builds from the same arguments here'],
] as const;

const folder = mkdtempSync(join(tmpdir(), 'plainseal-dist-'));
const verdicts: Verdict[] = [judged('tools', missingTools(), 'all here')];
try {
  if (verdicts[0]?.ok) {
    const built = await runStep({
      name: 'build',
      script: 'node_modules/electron-vite/bin/electron-vite.js',
      args: ['build', '--logLevel', 'warn'],
    });
    verdicts.push(judged('build', built.ok ? [] : built.output.trim().split('\n'), 'out/'));
    if (built.ok) {
      const lockfile = readLockfile();
      verdicts.push(...checkTargets(join(folder, 'targets'), lockfile));
      verdicts.push(...(await checkPackage(folder, lockfile)));
    }
  }
} finally {
  rmSync(folder, { recursive: true });
}
console.log(`\n${formatVerdicts(verdicts)}\n\nNot shown here:`);
for (const [what, why] of unproven) console.log(`– ${what}: ${why}`);
const failed = verdicts.filter(({ ok }) => !ok).length;
console.log(`\n${verdicts.length - failed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
