/** Where one Signal service is and whom it trusts: live, staging, or a mock on this machine (test profiles only). Keys: 33 bytes, base64. */
export type SignalEnvironment =
  | { readonly kind: 'live' | 'staging' }
  | {
      readonly kind: 'local';
      readonly port: number;
      /** DER. */
      readonly rootCertificate: Uint8Array;
      readonly trustRoots: readonly Uint8Array[];
      readonly serverPublicParams: Uint8Array;
    };
