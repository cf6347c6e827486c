import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { protocol } from 'electron';
import { pageFile, pageHeaders, pagePolicy } from '../shared/shell/policy.ts';
import { APP_ORIGIN } from '../shared/wire/page.ts';

export const APP_SCHEME = 'app';

/** Must run before Electron is ready. */
export function registerAppScheme(): void {
  protocol.registerSchemesAsPrivileged([
    {
      scheme: APP_SCHEME,
      privileges: { standard: true, secure: true, supportFetchAPI: true, codeCache: true },
    },
  ]);
}

/** An answer under a policy and the headers every answer carries. */
export function respond(
  status: number,
  content: {
    readonly type: string;
    readonly policy: string;
    readonly body: string | Uint8Array<ArrayBuffer>;
  },
): Response {
  return new Response(content.body, {
    status,
    headers: { ...pageHeaders, 'content-type': content.type, 'content-security-policy': content.policy },
  });
}

/** Serves a file of the built page, and nothing else, for one request address. */
export async function servePage(folder: string, address: string, method: string): Promise<Response> {
  const nothing = respond(404, { type: 'text/plain', policy: "default-src 'none'", body: '' });
  if (method !== 'GET' || !address.startsWith(`${APP_ORIGIN}/`)) return nothing;
  // The raw path: a parsed one has its dot segments resolved, which would hide them from the rule.
  const path = (address.slice(APP_ORIGIN.length).split(/[?#]/)[0] ?? '') || '/';
  const file = pageFile(path);
  if (!file) return nothing;
  try {
    const body = await readFile(join(folder, file.path));
    return respond(200, { type: file.type, policy: pagePolicy, body: Uint8Array.from(body) });
  } catch {
    return nothing;
  }
}
