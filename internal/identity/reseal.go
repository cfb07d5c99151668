package identity

import (
	"context"
	"errors"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// resealedSecrets is how many secrets of authenticator apps are read and re-encrypted in
// one transaction.
const resealedSecrets = 200

// totpSealed is the stored form of an app's secret.
type totpSealed struct {
	id, educatorID int
	sealed         []byte
}

// Reseal re-encrypts what second factors have stored under old keys, piece by piece, and
// returns how much that was. It can be stopped at any point: opening a secret tells which
// key it needs. Challenges are skipped, because they end within minutes. After every
// piece, alive says whether to go on.
func (s *Service) Reseal(ctx context.Context, alive func(context.Context) error) (done int, err error) {
	if s.factors.Seal == nil || s.factors.Seal.Older() == 0 {
		return 0, nil
	}
	system := viewer.AsSystem(ctx, "encrypt second factors with a new secret key")
	err = s.eachSealed(system, func(piece []totpSealed) error {
		n, err := s.resealPiece(system, piece)
		done += n
		if err != nil {
			return err
		}
		return alive(system)
	})
	return done, err
}

// resealPiece re-encrypts the secrets of a piece that need an old key. It does not touch
// an app that is set up or removed at the same moment, because that is another row.
func (s *Service) resealPiece(system context.Context, piece []totpSealed) (done int, err error) {
	aead := s.factors.Seal
	var old []totpSealed
	for _, x := range piece {
		if aead.KeyOf(x.sealed, totpBinding(x.educatorID)) > 0 {
			old = append(old, x)
		}
	}
	if len(old) == 0 {
		return 0, nil
	}
	err = s.db.InTx(system, func(ctx context.Context, client *db.Client) error {
		done = 0
		for _, x := range old {
			secret, err := aead.Open(nil, nil, x.sealed, totpBinding(x.educatorID))
			if err != nil {
				return err
			}
			result, err := client.ExecContext(ctx, "UPDATE totp_secrets SET secret = ? WHERE id = ? AND secret = ?",
				aead.Seal(nil, nil, secret, totpBinding(x.educatorID)), x.id, x.sealed)
			if err != nil {
				return err
			}
			n, err := result.RowsAffected()
			if err != nil {
				return err
			}
			done += int(n)
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	return done, nil
}

// eachSealed passes the secrets of all authenticator apps, piece by piece.
func (s *Service) eachSealed(system context.Context, show func([]totpSealed) error) error {
	for after := 0; ; {
		piece, err := s.readSealed(system, after)
		if err != nil || len(piece) == 0 {
			return err
		}
		if err := show(piece); err != nil {
			return err
		}
		after = piece[len(piece)-1].id
	}
}

func (s *Service) readSealed(system context.Context, after int) (piece []totpSealed, err error) {
	rows, err := s.db.Query(system, "SELECT id, educator_id, secret FROM totp_secrets WHERE id > ? ORDER BY id LIMIT ?",
		after, resealedSecrets)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var x totpSealed
		if err := rows.Scan(&x.id, &x.educatorID, &x.sealed); err != nil {
			return nil, err
		}
		piece = append(piece, x)
	}
	return piece, rows.Err()
}

// KeyUse says how many authenticator apps need which keys.
type KeyUse struct {
	// Needed has a number for each old key, in the order in which they were given.
	Needed []int
	// Missing counts the secrets that no key here opens.
	Missing int
}

// KeyUse counts which old keys second factors still need.
func (s *Service) KeyUse(system context.Context) (KeyUse, error) {
	if s.factors.Seal == nil {
		return KeyUse{}, nil
	}
	u := KeyUse{Needed: make([]int, s.factors.Seal.Older())}
	err := s.eachSealed(system, func(piece []totpSealed) error {
		for _, x := range piece {
			switch n := s.factors.Seal.KeyOf(x.sealed, totpBinding(x.educatorID)); {
			case n < 0:
				u.Missing++
			case n > 0:
				u.Needed[n-1]++
			}
		}
		return nil
	})
	return u, err
}
