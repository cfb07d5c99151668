// The second step of a sign-in: a code, or a passkey. done is called when there is a session.
const completeSignInMutation = `mutation CompleteSignIn($input: CompleteSignInInput!) {
  completeSignIn(input: $input) { viewer { educator { name } } userErrors { code message } }
}`;

const secondStep = document.getElementById("second-step");

function askSecondFactor(step, done) {
  const { code } = secondStep.elements;
  const passkey = document.getElementById("step-passkey");
  const finish = async (answer) => {
    const { completeSignIn } = await askData({
      query: completeSignInMutation,
      operationName: "CompleteSignIn",
      variables: { input: { challenge: step.challenge, ...answer } },
    });
    refused(completeSignIn.userErrors);
    done();
  };
  secondStep.hidden = false;
  document.getElementById("with-code").hidden = !step.methods.some((each) => each !== "PASSKEY");
  passkey.hidden = !step.passkeyOptions;
  secondStep.addEventListener("submit", (event) => {
    event.preventDefault();
    busy(secondStep.querySelector("[type=submit]"), async () => {
      try {
        await finish({ code: code.value.trim() });
      } catch (error) {
        code.value = "";
        code.focus();
        throw error;
      }
    });
  });
  passkey.addEventListener("click", () =>
    busy(passkey, async () => finish({ passkey: await signWithPasskey(step.passkeyOptions) })),
  );
  (document.getElementById("with-code").hidden ? passkey : code).focus();
}
