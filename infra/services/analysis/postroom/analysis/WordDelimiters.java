package postroom.analysis;

import static org.apache.lucene.analysis.miscellaneous.WordDelimiterGraphFilter.*;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.apache.lucene.analysis.CharArraySet;
import org.apache.lucene.analysis.TokenStream;
import org.apache.lucene.analysis.miscellaneous.WordDelimiterFilter;
import org.apache.lucene.analysis.miscellaneous.WordDelimiterGraphFilter;
import org.apache.lucene.analysis.miscellaneous.WordDelimiterIterator;

/** The filters {@code word_delimiter} and {@code word_delimiter_graph}: a token into its parts. */
final class WordDelimiters {
    private static final Map<String, Byte> TYPES = Map.of(
        "LOWER", (byte) 1, // its names for these are not public
        "UPPER", (byte) 2,
        "ALPHA", (byte) WordDelimiterIterator.ALPHA,
        "DIGIT", (byte) 4,
        "ALPHANUM", (byte) WordDelimiterIterator.ALPHANUM,
        "SUBWORD_DELIM", (byte) 8);

    private WordDelimiters() {}

    static UnaryOperator<TokenStream> graph(Definition definition) {
        byte[] table = table(definition.lines("type_table"));
        int parts = parts(definition) | (definition.flag("ignore_keywords", false) ? IGNORE_KEYWORDS : 0);
        CharArraySet whole = definition.words("protected_words");
        boolean adjust = definition.flag("adjust_offsets", true);
        return in -> new WordDelimiterGraphFilter(in, adjust, table, parts, whole);
    }

    static UnaryOperator<TokenStream> flat(Definition definition) {
        byte[] table = table(definition.lines("type_table"));
        int parts = parts(definition);
        CharArraySet whole = definition.words("protected_words");
        return in -> new WordDelimiterFilter(in, table, parts, whole);
    }

    private static int parts(Definition definition) {
        return bit(definition, "generate_word_parts", true, GENERATE_WORD_PARTS)
            | bit(definition, "generate_number_parts", true, GENERATE_NUMBER_PARTS)
            | bit(definition, "catenate_words", false, CATENATE_WORDS)
            | bit(definition, "catenate_numbers", false, CATENATE_NUMBERS)
            | bit(definition, "catenate_all", false, CATENATE_ALL)
            | bit(definition, "split_on_case_change", true, SPLIT_ON_CASE_CHANGE)
            | bit(definition, "split_on_numerics", true, SPLIT_ON_NUMERICS)
            | bit(definition, "preserve_original", false, PRESERVE_ORIGINAL)
            | bit(definition, "stem_english_possessive", true, STEM_ENGLISH_POSSESSIVE);
    }

    private static int bit(Definition definition, String key, boolean otherwise, int bit) {
        return definition.flag(key, otherwise) ? bit : 0;
    }

    /** What each character counts as, from rules such as {@code "- => ALPHA"}. */
    private static byte[] table(List<String> rules) {
        byte[] table = WordDelimiterIterator.DEFAULT_WORD_DELIM_TABLE;
        for (String rule : rules == null ? List.<String>of() : rules) {
            String[] sides = Rules.sides(rule);
            Byte type = TYPES.get(sides[1]);
            if (sides[0].length() != 1 || type == null) {
                throw new IllegalArgumentException("Invalid type mapping rule: [" + rule + "]");
            }
            char character = sides[0].charAt(0);
            int length = table.length;
            table = Arrays.copyOf(table, Math.max(length, character + 1));
            for (int other = length; other < table.length; other++) {
                table[other] = WordDelimiterIterator.getType(other);
            }
            table[character] = type;
        }
        return table;
    }
}
