// The sign-in form. The server answers with a cookie that scripts cannot read; loading the page again uses it.
const signInMutation = `mutation SignIn($input: SignInInput!) {
  signIn(input: $input) {
    viewer { educator { name } }
    secondFactor { challenge methods passkeyOptions }
    userErrors { message }
  }
}`;
const beginPasskeyMutation = `mutation BeginPasskeySignIn {
  beginPasskeySignIn { ceremony { challenge options origin } userErrors { code message } }
}`;
const finishPasskeyMutation = `mutation FinishPasskeySignIn($input: PasskeySignInInput!) {
  finishPasskeySignIn(input: $input) { viewer { educator { name } } userErrors { code message } }
}`;

// Right after a sign-in this page should not come up again. Where it does, the browser has refused the cookie.
const signedInAt = Number(memory?.getItem("signed-in-at"));
// Nobody is signed in, so nothing of anybody may be kept.
memory?.clear();
if (signedInAt && Date.now() - signedInAt < 10_000) {
  notice.textContent =
    "You were signed in, but the browser did not keep the sign-in cookie. Allow cookies for this site, and open it by its https address.";
}

function signedIn() {
  memory?.clear();
  memory?.setItem("signed-in-at", String(Date.now()));
  location.reload();
}

const form = document.getElementById("sign-in");
form.addEventListener("submit", (event) => {
  event.preventDefault();
  busy(form.querySelector("button"), async () => {
    const { email, password } = form.elements;
    const { signIn } = await askData({
      query: signInMutation,
      operationName: "SignIn",
      variables: { input: { email: email.value.trim(), password: password.value } },
    });
    if (signIn.secondFactor) {
      form.hidden = true;
      document.getElementById("or").hidden = true;
      askSecondFactor(signIn.secondFactor, signedIn);
      return;
    }
    if (signIn.userErrors.length || !signIn.viewer) {
      password.value = "";
      password.focus();
      throw new Error(signIn.userErrors.map((each) => each.message).join(" ") || "Signing in did not work. Try again.");
    }
    signedIn();
  });
});

const passkey = document.getElementById("passkey");
document.getElementById("or").hidden = !hasPasskeys;
passkey.addEventListener("click", () =>
  busy(passkey, async () => {
    const { beginPasskeySignIn } = await askData({ query: beginPasskeyMutation, operationName: "BeginPasskeySignIn" });
    refused(beginPasskeySignIn.userErrors);
    const { challenge, options, origin } = beginPasskeySignIn.ceremony;
    const response = await signWithPasskey(options, origin);
    const { finishPasskeySignIn } = await askData({
      query: finishPasskeyMutation,
      operationName: "FinishPasskeySignIn",
      variables: { input: { challenge, response } },
    });
    refused(finishPasskeySignIn.userErrors);
    signedIn();
  }),
);
