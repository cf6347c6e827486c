import { assertNever } from '../../shared/assert.ts';

/** What a package is made for. On macOS one application runs on both processors. */
export type Target = `linux-${Arch}` | `win32-${Arch}` | 'darwin-universal';
type Arch = 'x64' | 'arm64';

/** Every target a release is made for. */
export const targets: readonly Target[] = [
  'linux-x64',
  'linux-arm64',
  'win32-x64',
  'win32-arm64',
  'darwin-universal',
];

/** Whether a native file, by its path in a package or in the application, runs on a target. */
export const isNativeOf = (file: string, target: Target): boolean =>
  nativeNames(target).some((native) => file.includes(`/${native}/`) || file.endsWith(`/${native}.node`));

/** The folders of prebuilt native files a target needs, as both native packages name them: Electron knows no musl. */
export function nativeNames(target: Target): readonly string[] {
  switch (target) {
    case 'linux-x64':
    case 'linux-arm64':
    case 'win32-x64':
    case 'win32-arm64':
      return [target];
    case 'darwin-universal':
      return ['darwin-arm64', 'darwin-x64'];
    default:
      return assertNever(target);
  }
}
