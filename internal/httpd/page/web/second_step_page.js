// The page after a provider, which has said who somebody is and not asked for a second factor.
const { step, return: target } = document.getElementById("step").dataset;
document.getElementById("step-advice").textContent = "Your account has a second factor. Show it to sign in.";
for (const again of secondStep.querySelectorAll("a")) again.href = target;
askSecondFactor(JSON.parse(step), () => location.replace(target));
