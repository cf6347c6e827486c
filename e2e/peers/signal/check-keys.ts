import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

type Serialized = { serialize(): Uint8Array };
type Key = { readonly keyId: number; readonly publicKey: Serialized };
type Keys = { readonly identityKey: Serialized; readonly signedPreKey: Key; readonly lastResortKey: Key };
type Handler = (params: unknown, body?: Uint8Array) => Promise<readonly [number, object]>;
type Connection = {
  readonly device?: { readonly keys: ReadonlyMap<unknown, Keys> };
  readonly router: { post(path: string, handler: Handler): void };
};

const idBytes = (id: number): Uint8Array => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(id));
  return bytes;
};

/**
 * Lets the mock answer `POST /v2/keys/check` as Signal's server does (its KeysController): 200 where a device has the same keys that are
 * used more than once as the server, 409 where not. It has no such call.
 */
export function answerKeyChecks(): void {
  const { Connection } = require('@signalapp/mock-server/src/server/ws/connection') as {
    readonly Connection: { readonly prototype: { handleAuthHeaders(headers: object): Promise<void> } };
  };
  const { ServiceIdKind } = require('@signalapp/mock-server') as {
    readonly ServiceIdKind: { readonly ACI: unknown };
  };
  const { handleAuthHeaders } = Connection.prototype;
  const ready = new WeakSet();
  Connection.prototype.handleAuthHeaders = async function (this: Connection, headers: object) {
    if (!ready.has(this)) {
      ready.add(this);
      this.router.post('/v2/keys/check', async (_params, body) => {
        const keys = this.device?.keys.get(ServiceIdKind.ACI);
        if (keys === undefined) return [401, {}];
        const { digest } = JSON.parse(Buffer.from(body ?? []).toString('utf8')) as {
          readonly digest: string;
        };
        return Buffer.from(digest, 'base64').equals(digestOf(keys)) ? [200, {}] : [409, {}];
      });
    }
    await handleAuthHeaders.call(this as never, headers);
  };
}

function digestOf({ identityKey, signedPreKey, lastResortKey }: Keys): Buffer {
  const hash = createHash('sha256').update(identityKey.serialize());
  for (const { keyId, publicKey } of [signedPreKey, lastResortKey])
    hash.update(idBytes(keyId)).update(publicKey.serialize());
  return hash.digest();
}
