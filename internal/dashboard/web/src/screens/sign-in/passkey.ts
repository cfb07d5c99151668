import type { Key } from "../../text";

/** NoPasskey says with a text why no passkey was used. */
export class NoPasskey extends Error {
  constructor(readonly key: Key) {
    super(key);
  }
}

export const hasPasskeys = () =>
  "PublicKeyCredential" in window && "parseRequestOptionsFromJSON" in PublicKeyCredential;

/** signWithPasskey lets a passkey sign the challenge of the server, and returns the answer as JSON. */
export async function signWithPasskey(options: string, origin?: string): Promise<string> {
  if (origin && origin !== location.origin) throw new NoPasskey("passkey.elsewhere");
  if (!hasPasskeys()) throw new NoPasskey("passkey.cannot");
  try {
    const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(JSON.parse(options));
    const credential = (await navigator.credentials.get({ publicKey })) as PublicKeyCredential;
    return JSON.stringify(credential.toJSON());
  } catch (error) {
    throw new NoPasskey((error as Error).name === "SecurityError" ? "passkey.elsewhere" : "passkey.none");
  }
}
