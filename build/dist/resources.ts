import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../step.ts';
import { shippedPackages } from './app.ts';
import { makeIcons } from './icons.ts';
import { identity } from './identity.ts';
import type { Lockfile } from './lockfile.ts';
import { metainfo } from './metainfo.ts';
import { notices } from './notices.ts';
import { billOfMaterials } from './sbom.ts';

/** Makes everything that goes into packages beside the program itself: icons, licences, bill of materials, what shops show. */
export async function makeResources(
  folder: string,
  lockfile: Lockfile,
  releasedSeconds: number,
): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const packages = shippedPackages(lockfile);
  const write = (name: string, text: string): void => writeFileSync(join(folder, name), text);
  await makeIcons(folder);
  copyFileSync(join(root, 'LICENSE'), join(folder, 'LICENSE'));
  write('third-party-notices.txt', notices(packages));
  write('sbom.cdx.json', `${JSON.stringify(billOfMaterials(packages, releasedSeconds), null, 2)}\n`);
  write(`${identity.id}.metainfo.xml`, metainfo({ ...identity, releasedSeconds }));
  write('copyright', debianCopyright(releasedSeconds));
  write('changelog', debianChangelog(releasedSeconds));
  write('rpm-changelog', rpmChangelog(releasedSeconds));
}

/** Debian's copyright file (dep-team.pages.debian.net/deps/dep5). */
const debianCopyright = (releasedSeconds: number): string =>
  [
    'Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/',
    `Upstream-Name: ${identity.product}`,
    `Source: ${identity.homepage}`,
    '',
    'Files: *',
    `Copyright: ${new Date(releasedSeconds * 1_000).getUTCFullYear()} the ${identity.product} contributors`,
    'License: AGPL-3.0-only',
    ` The text is in /opt/${identity.product}/resources/LICENSE, those of what it contains in`,
    ' third-party-notices.txt and LICENSES.chromium.html beside it and above it.',
    '',
  ].join('\n');

const debianChangelog = (releasedSeconds: number): string =>
  [
    `${identity.executable} (${identity.version}) stable; urgency=medium`,
    '',
    `  * Version ${identity.version}.`,
    '',
    ` -- ${identity.maintainer}  ${new Date(releasedSeconds * 1_000).toUTCString().replace('GMT', '+0000')}`,
    '',
  ].join('\n');

function rpmChangelog(releasedSeconds: number): string {
  const [day, number, month, year] = new Date(releasedSeconds * 1_000).toUTCString().split(/,? /);
  return `* ${day} ${month} ${number} ${year} ${identity.maintainer} - ${identity.version}\n- Version ${identity.version}.\n`;
}
