import { flipFuses, FuseState, FuseV1Options, FuseVersion, getCurrentFuseWire } from '@electron/fuses';

/** Every fuse Electron has, decided. One that a later version adds is missing here, and the types say so. */
export const fuses: Readonly<Record<FuseV1Options, boolean>> = {
  // The program is no Node for others to run their scripts with; nothing from outside is loaded into it or looks into it.
  [FuseV1Options.RunAsNode]: false,
  [FuseV1Options.EnableNodeOptionsEnvironmentVariable]: false,
  [FuseV1Options.EnableNodeCliInspectArguments]: false,
  [FuseV1Options.LoadBrowserProcessSpecificV8Snapshot]: false,
  [FuseV1Options.EnableCookieEncryption]: true,
  // The code is what was packed. Linux has no check of its content yet.
  [FuseV1Options.OnlyLoadAppFromAsar]: true,
  [FuseV1Options.EnableEmbeddedAsarIntegrityValidation]: true,
  // The page comes over app:, never from a file.
  [FuseV1Options.GrantFileProtocolExtraPrivileges]: false,
  // Electron's default: WebAssembly (hash-wasm) guards its memory by the processor's own faults.
  [FuseV1Options.WasmTrapHandlers]: true,
};

/**
 * Writes the decisions into an Electron binary, or the application that holds it on macOS.
 * @throws Error when it has a fuse that is not decided here, or none at all.
 */
export async function setFuses(binary: string, platform: string): Promise<void> {
  await flipFuses(binary, {
    ...fuses,
    version: FuseVersion.V1,
    strictlyRequireAllFuses: true,
    // macOS runs no binary on Apple's processors whose signature does not fit, even one that names nobody.
    resetAdHocDarwinSignature: platform === 'darwin',
  });
}

/** The fuses of a binary that are not as decided, by name. */
export async function wrongFuses(binary: string): Promise<readonly string[]> {
  const wire = await getCurrentFuseWire(binary);
  return Object.values(FuseV1Options)
    .filter((fuse) => typeof fuse !== 'string')
    .filter((fuse) => wire[fuse] !== (fuses[fuse] ? FuseState.ENABLE : FuseState.DISABLE))
    .map((fuse) => FuseV1Options[fuse]);
}
