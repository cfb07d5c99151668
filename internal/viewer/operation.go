package viewer

import "context"

type (
	operationKey struct{}
	operatorKey  struct{}
)

// WithOperation returns a context with the name of a GraphQL operation or a command.
func WithOperation(ctx context.Context, name string) context.Context {
	return context.WithValue(ctx, operationKey{}, name)
}

// OperationOf returns that name, or "".
func OperationOf(ctx context.Context) string {
	name, _ := ctx.Value(operationKey{}).(string)
	return name
}

// WithOperator returns a context of a command that somebody runs on the server's machine.
// login is that person's name there, or empty. A process that answers requests of others
// must not use it.
func WithOperator(ctx context.Context, login, command string) context.Context {
	return WithOperation(context.WithValue(ctx, operatorKey{}, login), command)
}

// OperatorOf returns the login of the operator whose command runs, and whether there is
// one.
func OperatorOf(ctx context.Context) (login string, ok bool) {
	login, ok = ctx.Value(operatorKey{}).(string)
	return login, ok
}
