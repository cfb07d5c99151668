// The page of a link. Its secret stands behind the #; it is taken out of the address at once, so that it stays neither in
// the history nor in a screenshot.
const token = location.hash.slice(1);
history.replaceState(null, "", location.pathname);

const setPasswordMutation = `mutation SetPassword($input: SetPasswordByLinkInput!) {
  setPasswordByLink(input: $input) { userErrors { code message } }
}`;

const form = document.getElementById("set-password");
if (!token) {
  form.hidden = true;
  document.getElementById("advice").textContent =
    "This address is not complete. Open the link of the mail again, or copy all of it into the address bar.";
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  busy(form.querySelector("button"), async () => {
    const { password, again } = form.elements;
    if (password.value !== again.value) {
      again.value = "";
      again.focus();
      throw new Error("The two passwords differ. Type the second one again.");
    }
    const { setPasswordByLink } = await askData({
      query: setPasswordMutation,
      operationName: "SetPassword",
      variables: { input: { token, password: password.value } },
    });
    if (setPasswordByLink.userErrors.length) {
      throw new Error(setPasswordByLink.userErrors.map((each) => each.message).join(" "));
    }
    form.hidden = true;
    document.getElementById("advice").hidden = true;
    const done = document.getElementById("done");
    done.hidden = false;
    done.focus();
  });
});
