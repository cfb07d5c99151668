import { Input } from "react-aria-components/Input";
import { Label } from "react-aria-components/Label";
import { Text } from "react-aria-components/Text";
import { TextField, type TextFieldProps } from "react-aria-components/TextField";

/** A labeled line of text. */
export function Field({
  label,
  help,
  placeholder,
  ...props
}: TextFieldProps & { label: string; help?: string; placeholder?: string }) {
  return (
    <TextField {...props} className="field">
      <Label>{label}</Label>
      <Input className="input" placeholder={placeholder} />
      {help && (
        <Text slot="description" className="help">
          {help}
        </Text>
      )}
    </TextField>
  );
}
