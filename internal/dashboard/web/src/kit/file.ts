/** The files that can be imported. */
export const accepted = ".csv,.txt,.tsv,.xlsx,text/csv";

/** askForFile has the person choose a file; null if nobody chooses one. */
export function askForFile(): Promise<File | null> {
  const input = document.createElement("input");
  input.type = "file";
  input.accept = accepted;
  return new Promise((resolve) => {
    input.onchange = () => resolve(input.files?.[0] ?? null);
    input.oncancel = () => resolve(null);
    input.click();
  });
}
