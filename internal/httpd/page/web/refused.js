// Says who is signed in, because people have more than one account. Without an answer the page is right as it stands.
askData({ query: "{ viewer { educator { name email } } }" }).then(
  ({ viewer: { educator } }) => {
    document.getElementById("who").textContent = ` as ${educator.name} (${educator.email})`;
  },
  () => {},
);
