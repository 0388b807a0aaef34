package postroom.analysis;

/** Rules such as {@code "a => b"}, with {@code \n}, {@code \t}, {@code \u00e9} and the like on both sides. */
final class Rules {
    private static final String ARROW = "=>";

    private Rules() {}

    /** What stands on the two sides of the arrow; the right one may be empty. */
    static String[] sides(String rule) {
        int arrow = rule.lastIndexOf(ARROW);
        if (arrow < 1) {
            throw new IllegalArgumentException("Invalid mapping rule: [" + rule + "]");
        }
        String left = plain(rule.substring(0, arrow).strip());
        return new String[] {left, plain(rule.substring(arrow + ARROW.length()).strip())};
    }

    static String plain(String escaped) {
        StringBuilder plain = new StringBuilder();
        for (int place = 0; place < escaped.length(); place++) {
            char character = escaped.charAt(place);
            if (character != '\\') {
                plain.append(character);
                continue;
            }
            if (++place == escaped.length()) {
                throw new IllegalArgumentException("Invalid escape at the end of [" + escaped + "]");
            }
            switch (escaped.charAt(place)) {
                case 'n' -> plain.append('\n');
                case 't' -> plain.append('\t');
                case 'r' -> plain.append('\r');
                case 'b' -> plain.append('\b');
                case 'f' -> plain.append('\f');
                case 'u' -> {
                    if (place + 4 >= escaped.length()) {
                        throw new IllegalArgumentException("Invalid escape in [" + escaped + "]");
                    }
                    plain.append((char) Integer.parseInt(escaped.substring(place + 1, place + 5), 16));
                    place += 4;
                }
                default -> plain.append(escaped.charAt(place));
            }
        }
        return plain.toString();
    }
}
