"""How votes of rules and answers of people become training targets."""
