using System.CommandLine;

namespace Hourglass.Cli.Commands;

/// <summary>hourglass completion SHELL.</summary>
internal static class CompletionCommand
{
    private const string Bash = """
        _hourglass() {
          local line="${COMP_LINE}" point="${COMP_POINT}"
          mapfile -t COMPREPLY < <(hourglass "[suggest:${point}]" "${line}" 2>/dev/null)
        }
        complete -o default -F _hourglass hourglass
        """;

    private const string Zsh = """
        _hourglass() {
          local -a words_found
          words_found=("${(@f)$(hourglass "[suggest:${#BUFFER}]" "${BUFFER}" 2>/dev/null)}")
          compadd -- "${words_found[@]}" || _files
        }
        compdef _hourglass hourglass
        """;

    private const string Fish = """
        complete -c hourglass -a '(hourglass "[suggest:"(commandline -C)"]" (commandline) 2>/dev/null)'
        """;

    private const string PowerShell = """
        Register-ArgumentCompleter -Native -CommandName hourglass -ScriptBlock {
          param($word, $tree, $cursor)
          hourglass "[suggest:$cursor]" "$tree" | ForEach-Object { [System.Management.Automation.CompletionResult]::new($_) }
        }
        """;

    public static Command Create(Screen screen)
    {
        var command = new Command("completion", "Print a completion script.\n\nExample:\n  hourglass completion bash >> ~/.bashrc");
        var shell = new Argument<string>("SHELL") { Description = "bash, zsh, fish or pwsh." };
        shell.AcceptOnlyFromAmong("bash", "zsh", "fish", "pwsh");
        command.Arguments.Add(shell);
        command.SetAction(parse => screen.Output.WriteLine(parse.GetRequiredValue(shell) switch { "bash" => Bash, "zsh" => Zsh, "fish" => Fish, _ => PowerShell }));
        return command;
    }
}
