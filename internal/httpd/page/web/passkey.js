// What pages with passkeys share: asking the browser, and saying in words why it did not work.
const hasPasskeys = Boolean(window.PublicKeyCredential?.parseRequestOptionsFromJSON);

// signWithPasskey has a passkey sign what the server asks for, and gives the answer as JSON.
function signWithPasskey(options, origin) {
  return withPasskey(origin, () =>
    navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(JSON.parse(options)) }),
  );
}

// makePasskey has the browser make a passkey.
function makePasskey(options, origin) {
  return withPasskey(origin, () =>
    navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(JSON.parse(options)) }),
  );
}

async function withPasskey(origin, work) {
  if (origin && origin !== location.origin) {
    throw new Error(`Passkeys of this server work only at ${origin}. Open it there.`);
  }
  if (!hasPasskeys) throw new Error("This browser cannot use passkeys here. Update it, or use another way.");
  let credential;
  try {
    credential = await work();
  } catch (error) {
    if (error.name === "InvalidStateError") throw new Error("This device has a passkey for your account already.");
    if (error.name === "SecurityError") {
      throw new Error("The browser does not allow passkeys at this address. Open the server by its name, with https.");
    }
    throw new Error("No passkey was used: it took too long, was canceled, or there is none for this site. Try again, or use another way.");
  }
  return JSON.stringify(credential.toJSON());
}

// refused throws what the server has refused, if anything.
function refused(userErrors) {
  if (!userErrors.length) return;
  const error = new Error(userErrors.map((each) => each.message).join(" "));
  error.code = userErrors[0].code;
  throw error;
}
