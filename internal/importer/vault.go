package importer

import "slices"

// vault keeps what of a job is only ever stored encrypted: its file, passwords, refused
// rows and the wording of problems. Each job has keys of its own, which are derived
// from the secret key of the installation.
type vault struct {
	env
	key     []byte
	oldKeys [][]byte
	// print is that of the secret key; keys are all that this server has, by their prints.
	print string
	keys  map[string][]byte
	// most is how many bytes a file may have.
	most int64
}

func newVault(e env, key []byte, oldKeys [][]byte, most int64) *vault {
	keys := map[string][]byte{}
	for _, k := range append(slices.Clone(oldKeys), key) {
		keys[keyPrint(k)] = k
	}
	return &vault{env: e, key: key, oldKeys: oldKeys, print: keyPrint(key), keys: keys, most: most}
}
