/** Public halves for `PUT /v2/keys` or a link request; ids are 24 bit. */
export type PublicPreKey = { readonly id: number; readonly key: Uint8Array };
export type SignedPublicPreKey = PublicPreKey & { readonly signature: Uint8Array };

/** One-time keys the server has left of an identity. */
export type OneTimeCounts = { readonly ec: number; readonly pq: number };

/** What the server has of an identity. */
export type ServerKeys = OneTimeCounts & {
  /** It has older signed ones than the newest here: what was made did not get there. */
  readonly lacksNewest?: boolean;
};

/** What goes up: only what is new. */
export type PreKeyUpload = {
  readonly preKeys: readonly PublicPreKey[];
  readonly pqPreKeys: readonly SignedPublicPreKey[];
  readonly signedPreKey: SignedPublicPreKey | null;
  readonly pqLastResortPreKey: SignedPublicPreKey | null;
};
