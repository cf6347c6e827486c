import { join } from 'node:path';
import { Arch, build, Platform } from 'electron-builder';
import { assertNever } from '../../shared/assert.ts';
import { layOutApp } from './app.ts';
import { builderConfig, installers } from './config.ts';
import type { Lockfile } from './lockfile.ts';
import { makeResources } from './resources.ts';
import type { Target } from './target.ts';

/** What a run of electron-builder makes, and from what. */
export type PackageOrder = {
  readonly target: Target;
  /** Names of electron-builder's; null: all of the target's system. */
  readonly formats: readonly string[] | null;
  /** Working folder: the application, its resources, and under `out` the packages. */
  readonly folder: string;
  /** A folder with Electron in it; null: it is fetched. */
  readonly electron: string | null;
  readonly signed: boolean;
  readonly lockfile: Lockfile;
  readonly releasedSeconds: number;
};

/**
 * Makes the packages of one target from what `npm run build` left in out/. Their paths.
 * @throws electron-builder's errors, among them one for a configuration that is not in its schema.
 */
export async function makePackages(order: PackageOrder): Promise<readonly string[]> {
  const { target, folder, lockfile, releasedSeconds, electron, signed } = order;
  const app = join(folder, 'app');
  const resources = join(folder, 'resources');
  layOutApp(app, target, lockfile);
  await makeResources(resources, lockfile, releasedSeconds);
  const { platform, arch, all } = systemOf(target);
  return build({
    projectDir: app,
    targets: platform.createTarget([...(order.formats ?? all)], arch),
    publish: 'never',
    config: builderConfig({ resources, output: join(folder, 'out'), electron, signed }),
  });
}

type System = { readonly platform: Platform; readonly arch: Arch; readonly all: readonly string[] };

function systemOf(target: Target): System {
  switch (target) {
    case 'linux-x64':
      return { platform: Platform.LINUX, arch: Arch.x64, all: installers.linux };
    case 'linux-arm64':
      return { platform: Platform.LINUX, arch: Arch.arm64, all: installers.linux };
    case 'win32-x64':
      return { platform: Platform.WINDOWS, arch: Arch.x64, all: installers.win32 };
    case 'win32-arm64':
      return { platform: Platform.WINDOWS, arch: Arch.arm64, all: installers.win32 };
    case 'darwin-universal':
      return { platform: Platform.MAC, arch: Arch.universal, all: installers.darwin };
    default:
      return assertNever(target);
  }
}
