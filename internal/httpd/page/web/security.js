// The page of one's own second factors. Changes need a fresh proof of who somebody is; where the server asks for one, the
// page asks the person, and then carries the change out.
const factorsQuery = `query SecondFactors {
  viewer {
    educator { name }
    secondFactors {
      setupRequired required recoveryCodesLeft passkeyOrigin
      totp { createdAt lastUsedAt }
      passkeys { id name createdAt lastUsedAt }
    }
  }
}`;
const beginAppMutation = `mutation BeginApp { beginTotpEnrollment { challenge secret qrCode userErrors { code message } } }`;
const confirmAppMutation = `mutation ConfirmApp($input: ConfirmTotpEnrollmentInput!) {
  confirmTotpEnrollment(input: $input) { recoveryCodes userErrors { code message } }
}`;
const removeAppMutation = `mutation RemoveApp { removeTotp { recoveryCodes userErrors { code message } } }`;
const beginPasskeyMutation = `mutation BeginPasskey {
  beginPasskeyRegistration { ceremony { challenge options origin } userErrors { code message } }
}`;
const finishPasskeyMutation = `mutation FinishPasskey($input: FinishPasskeyRegistrationInput!) {
  finishPasskeyRegistration(input: $input) { recoveryCodes userErrors { code message } }
}`;
const renamePasskeyMutation = `mutation RenamePasskey($id: ID!, $name: String!) {
  renamePasskey(id: $id, name: $name) { recoveryCodes userErrors { code message } }
}`;
const removePasskeyMutation = `mutation RemovePasskey($id: ID!) { removePasskey(id: $id) { recoveryCodes userErrors { code message } } }`;
const regenerateMutation = `mutation Regenerate { regenerateRecoveryCodes { recoveryCodes userErrors { code message } } }`;
const beginProofMutation = `mutation BeginProof {
  beginPasskeyProof { ceremony { challenge options origin } userErrors { code message } }
}`;
const proveMutation = `mutation Prove($input: ProveIdentityInput!) { proveIdentity(input: $input) { userErrors { code message } } }`;

const by = (id) => document.getElementById(id);
const day = (instant) => (instant ? new Date(instant).toLocaleDateString(undefined, { dateStyle: "medium" }) : "never");
const target = new URLSearchParams(location.search).get("return") ?? "/";
if (/^\/(?![/\\])[^\\\s]*$/.test(target)) by("continue").href = target;

let factors;
let pending;

// send carries a mutation out and gives its payload.
async function send(query, variables) {
  const [payload] = Object.values(await askData({ query, operationName: query.match(/mutation (\w+)/)[1], variables }));
  refused(payload.userErrors);
  return payload;
}

// act does something for a button; where a proof is needed first, it is done after the proof.
async function act(button, work) {
  by("status").textContent = "";
  await busy(button, async () => {
    try {
      await work();
    } catch (error) {
      if (error.code !== "PROOF_REQUIRED") throw error;
      pending = () => act(button, work);
      showProof();
    }
  });
  if (notice.textContent) notice.scrollIntoView({ block: "nearest" });
}

// changed shows how things are after a change, with the codes that came of it.
async function changed(message, codes) {
  if (codes) showCodes(codes);
  await load();
  by("status").textContent = message;
  if (codes) by("codes-title").focus();
}

function showCodes(codes) {
  by("codes").replaceChildren(
    ...codes.map((text) => {
      const item = document.createElement("li");
      item.append(Object.assign(document.createElement("code"), { textContent: text }));
      return item;
    }),
  );
  by("new-codes").hidden = false;
  by("continue").hidden = !by("continue").getAttribute("href") || target === "/";
}

function showProof() {
  const some = factors.totp || factors.passkeys.length;
  by("by-code").hidden = !some;
  by("by-password").hidden = Boolean(some);
  by("prove-passkey").hidden = !factors.passkeys.length;
  by("proof").hidden = false;
  by(some ? "proof-code" : "proof-password").focus();
}

async function prove(input) {
  await send(proveMutation, { input });
  by("proof").hidden = true;
  by("prove").reset();
  const next = pending;
  pending = undefined;
  // The button of the proof is free again before the change begins.
  setTimeout(() => next?.());
}

by("prove").addEventListener("submit", (event) => {
  event.preventDefault();
  const { code, password } = by("prove").elements;
  busy(by("prove").querySelector("[type=submit]"), () =>
    prove(by("by-code").hidden ? { password: password.value } : { code: code.value.trim() }),
  );
});
by("prove-passkey").addEventListener("click", () =>
  busy(by("prove-passkey"), async () => {
    const { ceremony } = await send(beginProofMutation);
    await prove({ challenge: ceremony.challenge, passkey: await signWithPasskey(ceremony.options, ceremony.origin) });
  }),
);

by("add-passkey").addEventListener("submit", (event) => {
  event.preventDefault();
  act(by("add-passkey").querySelector("button"), async () => {
    const { ceremony } = await send(beginPasskeyMutation);
    const response = await makePasskey(ceremony.options, ceremony.origin);
    const name = by("passkey-name").value.trim() || null;
    const { recoveryCodes } = await send(finishPasskeyMutation, { input: { challenge: ceremony.challenge, response, name } });
    by("add-passkey").reset();
    await changed("The passkey was added.", recoveryCodes);
  });
});

let enrollment;
by("begin-app").addEventListener("click", () =>
  act(by("begin-app"), async () => {
    enrollment = await send(beginAppMutation);
    by("qr").src = enrollment.qrCode;
    by("secret").textContent = enrollment.secret.match(/.{1,4}/g).join(" ");
    by("confirm-app").hidden = false;
    by("app-code").focus();
  }),
);
by("confirm-app").addEventListener("submit", (event) => {
  event.preventDefault();
  act(by("confirm-app").querySelector("button"), async () => {
    const code = by("app-code").value;
    by("app-code").value = "";
    const { recoveryCodes } = await send(confirmAppMutation, { input: { challenge: enrollment.challenge, code } });
    by("confirm-app").hidden = true;
    by("qr").removeAttribute("src");
    by("secret").textContent = "";
    await changed("The app is set up.", recoveryCodes);
  });
});
by("remove-app").addEventListener("click", () =>
  act(by("remove-app"), async () => {
    await send(removeAppMutation);
    await changed("The app was removed.");
  }),
);
by("regenerate").addEventListener("click", () =>
  act(by("regenerate"), async () => {
    const { recoveryCodes } = await send(regenerateMutation);
    await changed("New recovery codes were made; the old ones are good for nothing.", recoveryCodes);
  }),
);

// row is one passkey in the list.
function row(passkey) {
  const item = document.createElement("li");
  const text = Object.assign(document.createElement("span"), { textContent: passkey.name });
  text.append(
    Object.assign(document.createElement("small"), {
      textContent: `Added ${day(passkey.createdAt)}, last used ${day(passkey.lastUsedAt)}`,
    }),
  );
  const button = (label, work) => {
    const made = Object.assign(document.createElement("button"), { type: "button", className: "button quiet", textContent: label });
    made.setAttribute("aria-label", `${label} ${passkey.name}`);
    made.addEventListener("click", () => act(made, work));
    return made;
  };
  item.append(
    text,
    button("Rename", async () => {
      const name = prompt("The new name", passkey.name);
      if (!name?.trim()) return;
      await send(renamePasskeyMutation, { id: passkey.id, name });
      await changed("The passkey was renamed.");
    }),
    button("Remove", async () => {
      await send(removePasskeyMutation, { id: passkey.id });
      await changed("The passkey was removed. Remove it from your device as well.");
    }),
  );
  return item;
}

async function load() {
  const { viewer } = await askData({ query: factorsQuery, operationName: "SecondFactors" });
  factors = viewer.secondFactors;
  const some = factors.totp || factors.passkeys.length;
  by("who").textContent = ` as ${viewer.educator.name}`;
  by("required").hidden = !factors.setupRequired;
  by("passkeys").replaceChildren(...factors.passkeys.map(row));
  by("add-passkey").hidden = !factors.passkeyOrigin || factors.passkeyOrigin !== location.origin || !hasPasskeys;
  by("no-passkeys").hidden = !by("add-passkey").hidden;
  by("no-passkeys").textContent = !factors.passkeyOrigin
    ? "This server is not reached by a name, so that it has no passkeys. Set up an app."
    : factors.passkeyOrigin !== location.origin
      ? `Passkeys of this server work only at ${factors.passkeyOrigin}. Open this page there to add one.`
      : "This browser cannot make passkeys here. Update it, or set up an app.";
  by("app-state").textContent = factors.totp
    ? `An app is set up since ${day(factors.totp.createdAt)}, last used ${day(factors.totp.lastUsedAt)}.`
    : "An app on your phone shows a new code of six digits every 30 seconds.";
  by("begin-app").textContent = factors.totp ? "Set up another app in its place" : "Set up an app";
  by("remove-app").hidden = !factors.totp;
  by("recovery-state").textContent = some
    ? `${factors.recoveryCodesLeft} codes are left.`
    : "You get recovery codes with your first app or passkey.";
  by("regenerate").hidden = !some;
}

load().catch((error) => {
  notice.textContent = error.message;
});
