import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { AfterPackContext, Configuration } from 'electron-builder';
import { setFuses } from './fuses.ts';
import { outsideSchemes } from '../../shared/shell/outside-link.ts';
import { identity } from './identity.ts';

/** Where the parts of a build are. */
export type BuildPlaces = {
  /** Folder with icons, notices, bill of materials, metainfo (`resources.ts`). */
  readonly resources: string;
  readonly output: string;
  /** A folder with Electron in it; null: electron-builder fetches the pinned version. */
  readonly electron: string | null;
  /** Refuses to go on when macOS or Windows would get something unsigned. */
  readonly signed: boolean;
};

/** A library under both of its names: Debian and Ubuntu renamed those with a 64-bit time. */
const either = (name: string): string => `${name} | ${name}t64`;

/** electron-builder's configuration for every target (electron.build/configuration). */
export function builderConfig({ resources, output, electron, signed }: BuildPlaces): Configuration {
  const own = import.meta.dirname;
  const { id, product, executable, summary, maintainer } = identity;
  const metainfo = join(resources, `${id}.metainfo.xml`);
  const packaged = [
    `${metainfo}=/usr/share/metainfo/${id}.metainfo.xml`,
    `${join(resources, 'copyright')}=/usr/share/doc/${executable}/copyright`,
  ];
  return {
    appId: id,
    productName: product,
    copyright: `Copyright (C) the ${product} contributors, ${identity.licence}`,
    artifactName: `${executable}-\${version}-\${os}-\${arch}.\${ext}`,
    directories: { output, buildResources: resources },
    electronVersion: identity.electron,
    ...(electron === null ? {} : { electronDist: electron }),
    electronLanguages: ['en-US'],
    // What travels is laid out by app.ts; nothing is collected, rebuilt or fetched here.
    files: [
      { from: '.', filter: ['**/*'] },
      { from: 'node_modules', to: 'node_modules', filter: ['**/*'] },
    ],
    beforeBuild: () => Promise.resolve(false),
    asar: { smartUnpack: false },
    asarUnpack: ['**/*.node'],
    extraResources: ['LICENSE', 'third-party-notices.txt', 'sbom.cdx.json'].map((name) => ({
      from: join(resources, name),
      to: name,
    })),
    afterPack,
    forceCodeSigning: signed,
    // Our own channel (electron/update) is the only one: no electron-updater, no app-update.yml.
    publish: null,
    // macOS and Linux; on Windows the program itself registers them (electron/schemes.ts).
    protocols: [{ name: product, schemes: [...outsideSchemes] }],
    toolsets: { appimage: '1.0.3' },

    linux: {
      executableName: executable,
      category: 'Network;InstantMessaging',
      icon: join(resources, 'icons'),
      maintainer,
      synopsis: summary,
      description: 'It speaks each contact’s own network, and says in plain words who can read it.',
      syncDesktopName: true,
      desktop: { entry: { Keywords: 'chat;messaging;mail;encryption' } },
    },
    appImage: { license: join(resources, 'LICENSE') },
    deb: {
      packageName: executable,
      packageCategory: 'net',
      afterInstall: join(own, 'after-install.sh'),
      afterRemove: join(own, 'after-remove.sh'),
      depends: [
        'libc6 (>= 2.34)',
        either('libgtk-3-0'),
        'libnotify4',
        'libnss3',
        'libxss1',
        'libxtst6',
        'xdg-utils',
        either('libatspi2.0-0'),
        'libuuid1',
        'libsecret-1-0',
        either('libasound2'),
        'libgbm1',
      ],
      recommends: ['gnome-keyring | kwalletmanager'],
      fpm: [...packaged, '--deb-changelog', join(resources, 'changelog')],
    },
    rpm: {
      packageName: executable,
      depends: [
        'gtk3',
        'libnotify',
        'nss',
        'libXScrnSaver',
        '(libXtst or libXtst6)',
        'xdg-utils',
        'libsecret',
        'mesa-libgbm',
      ],
      fpm: [...packaged, '--rpm-changelog', join(resources, 'rpm-changelog')],
    },
    flatpak: {
      runtime: 'org.freedesktop.Platform',
      runtimeVersion: '25.08',
      sdk: 'org.freedesktop.Sdk',
      base: 'org.electronjs.Electron2.BaseApp',
      baseVersion: '25.08',
      useWaylandFlags: true,
      // Files come through the portals' dialogs: no folder of the person's is open to it.
      finishArgs: [
        '--socket=wayland',
        '--socket=fallback-x11',
        '--share=ipc',
        '--share=network',
        '--device=dri',
        '--talk-name=org.freedesktop.Notifications',
        '--talk-name=org.freedesktop.secrets',
        '--talk-name=org.kde.kwalletd6',
      ],
      files: [[metainfo, `/share/metainfo/${id}.metainfo.xml`]],
    },
    snapcraft: {
      base: 'core24',
      core24: {
        confinement: 'strict',
        grade: 'stable',
        extensions: ['gnome'],
        plugs: ['network', 'desktop', 'password-manager-service'],
      },
    },

    win: {
      icon: join(resources, 'icon.ico'),
      requestedExecutionLevel: 'asInvoker',
    },
    nsis: {
      artifactName: `${executable}-\${version}-\${os}-\${arch}-setup.\${ext}`,
      oneClick: false,
      perMachine: false,
      allowElevation: false,
      deleteAppDataOnUninstall: false,
      differentialPackage: false,
    },
    msi: { perMachine: true, upgradeCode: '22766271-43DB-4964-A706-16E73A5F4010' },
    portable: {
      artifactName: `${executable}-\${version}-\${os}-\${arch}-portable.\${ext}`,
      requestExecutionLevel: 'user',
    },

    mac: {
      icon: join(resources, 'icon.icns'),
      category: 'public.app-category.social-networking',
      minimumSystemVersion: '13.0',
      hardenedRuntime: true,
      entitlements: join(own, 'entitlements.plist'),
      entitlementsInherit: join(own, 'entitlements.plist'),
      notarize: signed,
      mergeASARs: true,
      // Both halves carry the native files of both processors.
      x64ArchFiles: '**/*.node',
    },
    dmg: { writeUpdateInfo: false },
  };
}

/** What runs on this system's installers, by electron-builder's names. */
export const installers = {
  linux: ['AppImage', 'deb', 'rpm', 'flatpak', 'snap'],
  win32: ['nsis', 'msi', 'portable'],
  darwin: ['dmg', 'zip'],
} as const;

async function afterPack({ appOutDir, packager, electronPlatformName }: AfterPackContext): Promise<void> {
  // Electron's own start page: with a folder given for Electron it is left in place.
  rmSync(join(packager.getResourcesDir(appOutDir), 'default_app.asar'), { force: true });
  await setFuses(join(appOutDir, programIn(electronPlatformName)), electronPlatformName);
}

function programIn(platform: string): string {
  if (platform === 'darwin') return `${identity.product}.app`;
  return platform === 'win32' ? `${identity.product}.exe` : identity.executable;
}
