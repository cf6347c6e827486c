import { createHash } from 'node:crypto';
import { identity } from './identity.ts';
import type { Package } from './lockfile.ts';

/** A CycloneDX 1.6 bill of materials (cyclonedx.org/docs/1.6), the fields we fill. */
export type BillOfMaterials = {
  readonly bomFormat: 'CycloneDX';
  readonly specVersion: '1.6';
  readonly serialNumber: string;
  readonly version: 1;
  readonly metadata: { readonly timestamp: string; readonly component: Component };
  readonly components: readonly Component[];
};
type Component = {
  readonly type: 'application' | 'library' | 'framework';
  readonly 'bom-ref': string;
  readonly name: string;
  readonly version: string;
  readonly licenses: readonly (
    { readonly expression: string } | { readonly license: { readonly name: string } }
  )[];
  readonly purl?: string;
  readonly hashes?: readonly { readonly alg: 'SHA-512'; readonly content: string }[];
};

/** Lists what is shipped, each with the hash of the archive it came in. The same input gives the same bytes. */
export function billOfMaterials(packages: readonly Package[], releasedSeconds: number): BillOfMaterials {
  const components = [electron(), ...packages.map(asComponent)];
  const { product, version, licence, executable } = identity;
  return {
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    serialNumber: `urn:uuid:${uuidOf(JSON.stringify([version, components]))}`,
    version: 1,
    metadata: {
      timestamp: new Date(releasedSeconds * 1_000).toISOString(),
      component: {
        type: 'application',
        'bom-ref': `${executable}@${version}`,
        name: product,
        version,
        licenses: [{ expression: licence }],
      },
    },
    components,
  };
}

const electron = (): Component => ({
  type: 'framework',
  'bom-ref': `electron@${identity.electron}`,
  name: 'electron',
  version: identity.electron,
  licenses: [{ expression: 'MIT' }],
  purl: `pkg:npm/electron@${identity.electron}`,
});

function asComponent({ path, name, version, licence, integrity }: Package): Component {
  const [algorithm, hash] = integrity.split('-', 2);
  return {
    type: 'library',
    // The folder: one package may be there in two places.
    'bom-ref': path,
    name,
    version,
    licenses:
      licence === null
        ? []
        : [licence.endsWith('+') ? { license: { name: licence } } : { expression: licence }],
    // A scope's @ is written %40 (github.com/package-url/purl-spec).
    purl: `pkg:npm/${name.replace('@', '%40')}@${version}`,
    ...(algorithm === 'sha512' && hash
      ? { hashes: [{ alg: 'SHA-512', content: Buffer.from(hash, 'base64').toString('hex') }] }
      : {}),
  };
}

/** A UUID of version 8, whose bits are ours (RFC 9562 §5.8), from what it names. */
function uuidOf(text: string): string {
  const bytes = createHash('sha256').update(text).digest().subarray(0, 16);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x80, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
