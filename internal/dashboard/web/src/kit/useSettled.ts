import { useEffect, useState } from "react";

/** useSettled is a value once it has not changed for a moment: nobody waits for the answers to half a word. */
export function useSettled<Value>(value: Value): Value {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const wait = setTimeout(() => setSettled(value), 200);
    return () => clearTimeout(wait);
  }, [value]);
  return settled;
}
