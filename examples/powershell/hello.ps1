# Greets whoever is named.
function handle($context, $payload) {
    return @{ text = "Hello, $($payload.name)" }
}
